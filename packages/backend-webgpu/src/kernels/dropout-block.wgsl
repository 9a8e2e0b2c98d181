// Dropout with a contiguous mask that starts anywhere: a thread draws one block and goes through those of its four elements that exist.

@compute @workgroup_size(GROUP_SIZE)
fn main(grid: Grid) {
  let block = thread_index(grid);
  if (block * 4u >= p.n + p.residue) {
    return;
  }
  let word = words(block);
  for (var lane = 0u; lane < 4u; lane++) {
    let m = block * 4u + lane;
    if (m >= p.residue && m - p.residue < p.n) {
      let i = m - p.residue;
      store_out(p.out_offset + i, choose(word[lane], load_x(p.x_offset + i * p.x_step)));
    }
  }
}
