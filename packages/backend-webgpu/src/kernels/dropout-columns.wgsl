// Plain dropout by a spread mask of more than one row: a thread draws one block and goes through those of its elements that exist.

@compute @workgroup_size(GROUP_SIZE)
fn main(grid: Grid) {
  let column = thread_index(grid);
  if (column >= p.columns) {
    return;
  }
  let turn = turn_of(column);
  let block = block_of(turn.x, turn.y);
  // What lies before the first element wraps around, and so is behind the last one.
  var i = turn.x * WIDTH * p.threads + turn.y - p.slot * p.threads - p.first - p.residue;
  for (var slot = 0u; slot < WIDTH; slot++) {
    if (i < p.n) {
      store_out(p.out_offset + i, choose(test_slot(block, slot), load_x(p.x_offset + i * p.x_step)));
    }
    i += p.threads;
  }
}
