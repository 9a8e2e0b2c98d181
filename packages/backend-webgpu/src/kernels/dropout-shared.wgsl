// Dropout with a mask that is broadcast (feature dropout, noise shapes): one thread and one block for each element of the data.

@compute @workgroup_size(GROUP_SIZE)
fn main(grid: Grid) {
  let i = thread_index(grid);
  if (i >= p.n) {
    return;
  }
  var rest = i;
  var m = p.residue;
  for (var d = RANK - 1u; d > 0u; d--) {
    let dim = p.dims[d];
    let next = rest / dim.x;
    m += (rest - next * dim.x) * dim.y;
    rest = next;
  }
  m += rest * p.dims[0].y;
  store_out(p.out_offset + i, choose(words(m >> 2u)[m & 3u], load_x(p.x_offset + i * p.x_step)));
}
