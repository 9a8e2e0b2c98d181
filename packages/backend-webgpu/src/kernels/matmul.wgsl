// out[batch, i, j] = sum_k a[batch, i, k] b[batch, k, j] (+ bias[j]), any orientation of a and b. A thread computes 4 x 4 elements, SIDE apart so
// that neighbours read neighbours, and a group of SIDE x SIDE threads a tile of (4 SIDE)^2. The tiles live in registers and
// the caches: without workgroup memory there is no barrier, which software drivers run slowly. Sums are taken in blocks
// of 256, so that the error grows with k / 256, not k. A very long k comes in several dispatches; all but the first add to `out`.

struct Params {
  m: u32,
  k: u32,
  n: u32,
  tiles_m: u32,
  tiles_n: u32,
  tiles: u32, // in all batches
  a_offset: u32,
  a_batch: u32,
  a_row: u32,
  a_column: u32,
  b_offset: u32,
  b_batch: u32,
  b_row: u32,
  b_column: u32,
  out_offset: u32,
  bias_offset: u32,
}

const BLOCK = 256u;

@compute @workgroup_size(SIDE, SIDE)
fn main(grid: Grid) {
  let tile = group_index(grid);
  if (tile >= p.tiles) {
    return;
  }
  let batch = tile / (p.tiles_m * p.tiles_n);
  let row = ((tile / p.tiles_n) % p.tiles_m) * 4u * SIDE + grid.lane / SIDE;
  let column = (tile % p.tiles_n) * 4u * SIDE + grid.lane % SIDE;
  let spread = vec4<u32>(0u, SIDE, 2u * SIDE, 3u * SIDE);
  // Rows and columns beyond the matrix read its last one, and are not stored.
  let rows = min(vec4<u32>(row) + spread, vec4<u32>(p.m - 1u));
  let columns = min(vec4<u32>(column) + spread, vec4<u32>(p.n - 1u));
  var a = p.a_offset + batch * p.a_batch + rows * p.a_row;
  var b = p.b_offset + batch * p.b_batch + columns * p.b_column;

  var total0 = first_value(columns.x, columns.y, columns.z, columns.w);
  var total1 = total0;
  var total2 = total0;
  var total3 = total0;
  for (var start = 0u; start < p.k; start += BLOCK) {
    let end = min(start + BLOCK, p.k);
    var sum0 = vec4<f32>();
    var sum1 = vec4<f32>();
    var sum2 = vec4<f32>();
    var sum3 = vec4<f32>();
    for (var k = start; k < end; k++) {
      let values = vec4<f32>(load_b(b.x), load_b(b.y), load_b(b.z), load_b(b.w));
      sum0 += load_a(a.x) * values;
      sum1 += load_a(a.y) * values;
      sum2 += load_a(a.z) * values;
      sum3 += load_a(a.w) * values;
      a += vec4<u32>(p.a_column);
      b += vec4<u32>(p.b_row);
    }
    total0 += sum0;
    total1 += sum1;
    total2 += sum2;
    total3 += sum3;
  }
  let to = p.out_offset + batch * p.m * p.n;
  store_row(to, row, column, total0);
  store_row(to, row + SIDE, column, total1);
  store_row(to, row + 2u * SIDE, column, total2);
  store_row(to, row + 3u * SIDE, column, total3);
}

fn store_row(to: u32, row: u32, column: u32, values: vec4<f32>) {
  if (row >= p.m) {
    return;
  }
  for (var c = 0u; c < 4u; c++) {
    let at = column + c * SIDE;
    if (at < p.n) {
      let place = to + row * p.n + at;
      if (ACCUMULATE) {
        store_out(place, load_out(place) + values[c]);
      } else {
        store_out(place, values[c]);
      }
    }
  }
}
