// out[...] = op(x[...]) where x has its elements side by side along one dimension (rows) and out along another (columns): tiles of 32 x 32 go through workgroup
// memory, so that both are read and written by neighbours. `op` converts, and is written by movement.ts; all other dimensions are the batch.

struct Params {
  sizes: vec4<u32>, // of the batch's dimensions, innermost last
  x_strides: vec4<u32>, // along these
  out_strides: vec4<u32>,
  rows: u32,
  columns: u32,
  x_column: u32, // strides between columns of x and rows of out
  out_row: u32,
  x_offset: u32,
  out_offset: u32,
  tiles_down: u32,
  tiles_across: u32,
  tiles: u32, // of all
}

const SIDE = 32u;
const LINES = GROUP_SIZE / SIDE; // that a group moves at a time

// A line is one longer than a tile is wide, so that a column's elements lie in different banks.
var<workgroup> tile: array<T, SIDE * (SIDE + 1u)>;

@compute @workgroup_size(GROUP_SIZE)
fn main(grid: Grid) {
  let index = group_index(grid);
  let across = index % p.tiles_across;
  let down = (index / p.tiles_across) % p.tiles_down;
  var rest = index / (p.tiles_across * p.tiles_down);
  var source_at = p.x_offset;
  var to = p.out_offset;
  for (var d = 4u; d > 0u; d--) {
    let next = rest / p.sizes[d - 1u];
    let at = rest - next * p.sizes[d - 1u];
    source_at += at * p.x_strides[d - 1u];
    to += at * p.out_strides[d - 1u];
    rest = next;
  }
  let along = grid.lane % SIDE;
  let line = grid.lane / SIDE;
  let is_there = index < p.tiles;
  for (var k = line; k < SIDE; k += LINES) {
    let row = down * SIDE + along;
    let column = across * SIDE + k;
    if (is_there && row < p.rows && column < p.columns) {
      tile[k * (SIDE + 1u) + along] = op(load_x(source_at + row + column * p.x_column));
    }
  }
  workgroupBarrier();
  for (var k = line; k < SIDE; k += LINES) {
    let row = down * SIDE + k;
    let column = across * SIDE + along;
    if (is_there && row < p.rows && column < p.columns) {
      store_out(to + row * p.out_row + column, tile[along * (SIDE + 1u) + k]);
    }
  }
}
