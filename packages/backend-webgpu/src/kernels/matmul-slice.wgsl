// A slice of one operand of matmul-tiled.wgsl in workgroup memory: SIDE along its rows (of a) or columns (of b), STEP deep, by vectors along the side. This text
// stands there for each of the two. Beyond the matrix there are zeros.

var<workgroup> slice_operand: array<vec4<f32>, ROW * STEP>;

// `base`: where the matrix begins; `first`: the slice's first place along the side, of `size`, `side_step` apart; `start` and `end`: of its depth, `deep_step` apart.
fn fill_operand(batch: u32, base: u32, first: u32, size: u32, side_step: u32, start: u32, end: u32, deep_step: u32, lane: u32) {
  if (OPERAND_FORM == DEEP_VECTORS) {
    for (var e = lane; e < SIDE * STEP / 4u; e += THREADS) {
      let along = e / (STEP / 4u);
      let deep = 4u * (e % (STEP / 4u));
      var values = vec4<f32>();
      if (first + along < size && start + deep < end) {
        values = vector_operand(base + (first + along) * side_step + start + deep);
      }
      for (var c = 0u; c < 4u; c++) {
        slice_operand[(deep + c) * ROW + along / 4u][along % 4u] = values[c];
      }
    }
  } else if (OPERAND_FORM == SIDE_VECTORS) {
    for (var e = lane; e < SIDE * STEP / 4u; e += THREADS) {
      let along = e % (SIDE / 4u);
      let deep = e / (SIDE / 4u);
      var values = vec4<f32>();
      if (first + 4u * along < size && start + deep < end) {
        values = vector_operand(base + first + 4u * along + (start + deep) * deep_step);
      }
      slice_operand[deep * ROW + along] = values;
    }
  } else {
    // Neighbours follow the dimension that is contiguous in memory.
    for (var e = lane; e < SIDE * STEP; e += THREADS) {
      let at = select(vec2<u32>(e % SIDE, e / SIDE), vec2<u32>(e / STEP, e % STEP), deep_step == 1u);
      var value = 0.0;
      if (first + at.x < size && start + at.y < end) {
        value = element_operand(batch, first + at.x, start + at.y);
      }
      slice_operand[at.y * ROW + at.x / 4u][at.x % 4u] = value;
    }
  }
}
