// The product where a side is short or the whole small: a thread computes 4 x 4 elements, SIDE apart so that neighbours read neighbours, and a
// group of SIDE x SIDE threads a tile of (4 SIDE)^2. Operands come through the caches: a barrier costs more than they do here.

const SIDE = 8u;

fn store_tile(batch: u32, row: u32, column: u32, row0: vec4<f32>, row1: vec4<f32>, row2: vec4<f32>, row3: vec4<f32>) {
  store_row(batch, row, column, row0);
  store_row(batch, row + APART, column, row1);
  store_row(batch, row + 2u * APART, column, row2);
  store_row(batch, row + 3u * APART, column, row3);
}

@compute @workgroup_size(SIDE, SIDE)
fn main(grid: Grid) {
  let tile = group_index(grid);
  if (tile >= p.tiles) {
    return;
  }
  let batch = tile / (p.tiles_m * p.tiles_n);
  let row = ((tile / p.tiles_n) % p.tiles_m) * 4u * SIDE + grid.lane / SIDE;
  let column = (tile % p.tiles_n) * 4u * SIDE + grid.lane % SIDE;
  let rows = spread(row, p.m);
  let columns = spread(column, p.n);
  var a = p.a_offset + batch * p.a_batch + rows * p.a_row;
  var b = p.b_offset + batch * p.b_batch + columns * p.b_column;

  var total0 = first_value(batch, row, columns);
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
  store_tile(batch, row, column, total0, total1, total2, total3);
}
