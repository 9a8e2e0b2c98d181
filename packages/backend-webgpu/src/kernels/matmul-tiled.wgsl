// The product of matmul.wgsl where both sides have enough rows and columns: a group of 8 x 16 threads computes a tile of 64 x 64 elements, a thread 8 x 4 of
// them. Slices of a and b, STEP deep, go through workgroup memory, from which each value is taken 16 or 8 times. Of all sizes and forms tried on an H100 this
// one is the fastest: 32 TFLOP/s.

const THREADS = 128u;
const ACROSS = 16u; // threads along a row of the tile

// The built-in values one by one: of a struct that has the lane, compilers take all for different from thread to thread, and no barrier could stand behind it.
@compute @workgroup_size(THREADS)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let tile = group.y * groups.x + group.x;
  let matrix = tile / (p.tiles_m * p.tiles_n);
  let batch = matrix % p.batches;
  // The grid may have groups beyond the last tile. They get a tile beyond the matrices: barriers want every thread, so none returns early.
  let top = select(p.m, ((tile / p.tiles_n) % p.tiles_m) * SIDE, tile < p.tiles);
  let left = select(p.n, (tile % p.tiles_n) * SIDE, tile < p.tiles);
  let at = vec2<u32>(lane / ACROSS, lane % ACROSS);
  let row = top + 8u * at.x;
  let column = left + 4u * at.y;
  let columns = spread(column, p.n);
  let base_a = p.a_offset + batch * p.a_batch;
  let base_b = p.b_offset + batch * p.b_batch;
  let chunk = matrix / p.batches;
  let end = min((chunk + 1u) * p.chunk, p.k);

  var total0 = vec4<f32>();
  var total1 = vec4<f32>();
  var total2 = vec4<f32>();
  var total3 = vec4<f32>();
  var total4 = vec4<f32>();
  var total5 = vec4<f32>();
  var total6 = vec4<f32>();
  var total7 = vec4<f32>();
  if (chunk == 0u) {
    total0 = first_value(batch, row + 0u, columns);
    total1 = first_value(batch, row + 1u, columns);
    total2 = first_value(batch, row + 2u, columns);
    total3 = first_value(batch, row + 3u, columns);
    total4 = first_value(batch, row + 4u, columns);
    total5 = first_value(batch, row + 5u, columns);
    total6 = first_value(batch, row + 6u, columns);
    total7 = first_value(batch, row + 7u, columns);
  }
  for (var start = chunk * p.chunk; start < end; start += BLOCK) {
    var sum0 = vec4<f32>();
    var sum1 = vec4<f32>();
    var sum2 = vec4<f32>();
    var sum3 = vec4<f32>();
    var sum4 = vec4<f32>();
    var sum5 = vec4<f32>();
    var sum6 = vec4<f32>();
    var sum7 = vec4<f32>();
    for (var step = start; step < min(start + BLOCK, end); step += STEP) {
      fill_a(batch, base_a, top, p.m, p.a_row, step, end, p.a_column, lane);
      fill_b(batch, base_b, left, p.n, p.b_column, step, end, p.b_row, lane);
      workgroupBarrier();
      for (var k = 0u; k < STEP; k++) {
        let a0 = slice_a[k * ROW + 2u * at.x];
        let a1 = slice_a[k * ROW + 2u * at.x + 1u];
        let b = slice_b[k * ROW + at.y];
        sum0 += a0.x * b;
        sum1 += a0.y * b;
        sum2 += a0.z * b;
        sum3 += a0.w * b;
        sum4 += a1.x * b;
        sum5 += a1.y * b;
        sum6 += a1.z * b;
        sum7 += a1.w * b;
      }
      workgroupBarrier();
    }
    total0 += sum0;
    total1 += sum1;
    total2 += sum2;
    total3 += sum3;
    total4 += sum4;
    total5 += sum5;
    total6 += sum6;
    total7 += sum7;
  }
  if (tile < p.tiles) {
    store_row(matrix, row + 0u, column, total0);
    store_row(matrix, row + 1u, column, total1);
    store_row(matrix, row + 2u, column, total2);
    store_row(matrix, row + 3u, column, total3);
    store_row(matrix, row + 4u, column, total4);
    store_row(matrix, row + 5u, column, total5);
    store_row(matrix, row + 6u, column, total6);
    store_row(matrix, row + 7u, column, total7);
  }
}
