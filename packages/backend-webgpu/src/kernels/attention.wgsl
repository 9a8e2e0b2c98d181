// Attention: for each query the softmax of its scores, dropped and multiplied with the values, tile by tile of keys; from one to the next what was summed is scaled to the
// new maximum. `rows` gets the largest score and 1 / the sum of the weights, zeros where no key is seen. Functions and sizes are those of attention-common.wgsl.

var<workgroup> parts: array<f32, THREADS>;
var<workgroup> row_max: array<f32, T>;
var<workgroup> row_sum: array<f32, T>;
var<workgroup> row_scale: array<f32, T>;

@compute @workgroup_size(THREADS)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let unit = group.y * groups.x + group.x;
  let tiles = (p.queries + T - 1u) / T;
  if (unit >= tiles * p.heads * p.batches) {
    return;
  }
  let query0 = (unit % tiles) * T;
  let head = (unit / tiles) % p.heads;
  let batch = unit / (tiles * p.heads);
  let row = 4u * (lane / 16u);
  let column = 4u * (lane % 16u);
  if (lane < T) {
    row_max[lane] = -infinity();
    row_sum[lane] = 0.0;
  }
  var sums: array<vec4<f32>, 4u * VALUE_BLOCKS>;

  let end = end_of_keys(query0);
  for (var key0 = 0u; key0 < end; key0 += T) {
    let scores = product(QUERY, KEY, batch, head, query0, key0, p.size, lane);
    for (var i = 0u; i < 4u; i++) {
      for (var j = 0u; j < 2u; j++) {
        let at = 2u * (lane % 16u) + j;
        tile[(row + i) * (T + 1u) + at] = seen(scores[i][j], batch, head, query0 + row + i, key0 + at);
      }
    }
    draw(batch, head, query0, key0, lane);
    workgroupBarrier();
    weigh(lane);
    for (var block = 0u; block < VALUE_BLOCKS; block++) {
      fill_rows(VALUE, batch, head, key0, block * BLOCK, lane);
      workgroupBarrier();
      for (var i = 0u; i < 4u; i++) {
        sums[4u * block + i] *= row_scale[row + i];
      }
      for (var k = 0u; k < T; k++) {
        let at = k * BLOCK + column;
        let values = vec4<f32>(stage[at], stage[at + 1u], stage[at + 2u], stage[at + 3u]);
        for (var i = 0u; i < 4u; i++) {
          sums[4u * block + i] += tile[(row + i) * (T + 1u) + k] * values;
        }
      }
      workgroupBarrier();
    }
  }

  workgroupBarrier();
  for (var i = 0u; i < 4u; i++) {
    let query = query0 + row + i;
    let sum = row_sum[row + i];
    let share = select(1.0 / sum, 0.0, sum == 0.0);
    if (query < p.queries) {
      for (var block = 0u; block < VALUE_BLOCKS; block++) {
        for (var c = 0u; c < 4u; c++) {
          let d = block * BLOCK + column + c;
          if (d < p.value_size) {
            store_out(place(p.out, batch, head, query) + d, sums[4u * block + i][c] * share);
          }
        }
      }
      if (lane % 16u == 0u) {
        let at = p.rows_offset + 2u * ((batch * p.heads + head) * p.queries + query);
        store_rows(at, select(row_max[row + i], 0.0, sum == 0.0));
        store_rows(at + 1u, share);
      }
    }
  }
}

// Makes weights of the tile's scores, by the largest ones so far. Four threads have a row.
fn weigh(lane: u32) {
  let row = lane / 4u;
  let first = row * (T + 1u) + 8u * (lane % 4u);
  var top = tile[first];
  for (var c = 1u; c < 8u; c++) {
    top = max_f32(top, tile[first + c]);
  }
  parts[lane] = top;
  workgroupBarrier();
  let before = row_max[row];
  top = max_f32(before, max_f32(max_f32(parts[4u * row], parts[4u * row + 1u]), max_f32(parts[4u * row + 2u], parts[4u * row + 3u])));
  workgroupBarrier();
  var sum = 0.0;
  for (var c = 0u; c < 8u; c++) {
    let score = tile[first + c];
    var weight = 0.0;
    if (!is_hidden(score)) {
      weight = exp_(score - top);
    }
    sum += weight;
    tile[first + c] = weight * factor(row, 8u * (lane % 4u) + c);
  }
  parts[lane] = sum;
  workgroupBarrier();
  if (lane % 4u == 0u) {
    var scale = 0.0;
    if (!is_hidden(before)) {
      scale = exp_(before - top);
    }
    row_scale[row] = scale;
    row_max[row] = top;
    row_sum[row] = row_sum[row] * scale + ((parts[lane] + parts[lane + 1u]) + (parts[lane + 2u] + parts[lane + 3u]));
  }
  workgroupBarrier();
}
