// Plain dropout by a spread mask of more than one row: a thread draws one block and goes through those of its elements that exist.

fn put(i: u32, word: u32) {
  if (i < p.n) {
    store_out(p.out_offset + i, choose(word, load_x(p.x_offset + i * p.x_step)));
  }
}

@compute @workgroup_size(GROUP_SIZE)
fn main(grid: Grid) {
  let column = thread_index(grid);
  if (column >= p.columns) {
    return;
  }
  let turn = turn_of(column);
  let block = block_of(turn.x, turn.y);
  // What lies before the first element wraps around, and so is behind the last one.
  let i = turn.x * WIDTH * p.threads + turn.y - p.slot * p.threads - p.first - p.residue;
  put(i, test_slot(block, 0u));
  put(i + p.threads, test_slot(block, 1u));
  if (WIDTH > 2u) {
    put(i + 2u * p.threads, test_slot(block, 2u));
    put(i + 3u * p.threads, test_slot(block, 3u));
  }
}
