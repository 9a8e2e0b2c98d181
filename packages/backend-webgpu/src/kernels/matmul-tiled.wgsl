// The product of matmul.wgsl where both sides have enough rows and columns: a group of 16 x 16 threads computes a tile of 64 x 64 elements, a
// thread 4 x 4 of them. Slices of a and b, STEP deep, go through workgroup memory, from which each value is taken 16 times.

const SIDE = 64u;
const STEP = 16u;
const THREADS = 16u; // along either side of the tile
// Rows of a slice lie one vector further apart than they are long, so that threads which fill a column write to different banks.
const ROW = SIDE / 4u + 1u;

var<workgroup> slice_a: array<vec4<f32>, ROW * STEP>;
var<workgroup> slice_b: array<vec4<f32>, ROW * STEP>;

// Where thread `e` reads: (place along the tile's side, depth). Neighbours follow the dimension that is contiguous in memory.
fn place(e: u32, deep: bool) -> vec2<u32> {
  return select(vec2<u32>(e % SIDE, e / SIDE), vec2<u32>(e / STEP, e % STEP), deep);
}

// Beyond the matrices there are zeros.
fn fill_slices(batch: u32, top: u32, left: u32, start: u32, lane: u32) {
  for (var e = lane; e < SIDE * STEP; e += THREADS * THREADS) {
    let at_a = place(e, p.a_column == 1u);
    let k_a = start + at_a.y;
    var value = 0.0;
    if (top + at_a.x < p.m && k_a < p.k) {
      value = load_a(p.a_offset + batch * p.a_batch + (top + at_a.x) * p.a_row + k_a * p.a_column);
    }
    slice_a[at_a.y * ROW + at_a.x / 4u][at_a.x % 4u] = value;

    let at_b = place(e, p.b_row == 1u);
    let k_b = start + at_b.y;
    value = 0.0;
    if (left + at_b.x < p.n && k_b < p.k) {
      value = load_b(p.b_offset + batch * p.b_batch + k_b * p.b_row + (left + at_b.x) * p.b_column);
    }
    slice_b[at_b.y * ROW + at_b.x / 4u][at_b.x % 4u] = value;
  }
}

@compute @workgroup_size(THREADS, THREADS)
fn main(grid: Grid) {
  let tile = group_index(grid);
  let batch = tile / (p.tiles_m * p.tiles_n);
  // The grid may have groups beyond the last tile. They get a tile beyond the matrices: barriers want every thread, so none returns early.
  let top = select(p.m, ((tile / p.tiles_n) % p.tiles_m) * SIDE, tile < p.tiles);
  let left = select(p.n, (tile % p.tiles_n) * SIDE, tile < p.tiles);
  let at = vec2<u32>(grid.lane / THREADS, grid.lane % THREADS);
  let row = top + 4u * at.x;
  let column = left + 4u * at.y;
  let columns = spread(column, p.n);

  var total0 = first_value(columns.x, columns.y, columns.z, columns.w);
  var total1 = total0;
  var total2 = total0;
  var total3 = total0;
  for (var start = 0u; start < p.k; start += BLOCK) {
    var sum0 = vec4<f32>();
    var sum1 = vec4<f32>();
    var sum2 = vec4<f32>();
    var sum3 = vec4<f32>();
    for (var step = start; step < min(start + BLOCK, p.k); step += STEP) {
      fill_slices(batch, top, left, step, grid.lane);
      workgroupBarrier();
      for (var k = 0u; k < STEP; k++) {
        let a = slice_a[k * ROW + at.x];
        let b = slice_b[k * ROW + at.y];
        sum0 += a.x * b;
        sum1 += a.y * b;
        sum2 += a.z * b;
        sum3 += a.w * b;
      }
      workgroupBarrier();
    }
    total0 += sum0;
    total1 += sum1;
    total2 += sum2;
    total3 += sum3;
  }
  store_tile(batch, row, column, total0, total1, total2, total3);
}
