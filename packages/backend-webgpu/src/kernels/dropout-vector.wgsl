// Plain dropout where the mask, x and out all start at a multiple of 4: one block, one load and one store for four elements.

@compute @workgroup_size(GROUP_SIZE)
fn main(grid: Grid) {
  let block = thread_index(grid);
  let first = block * 4u;
  if (first >= p.n) {
    return;
  }
  let word = words(block);
  let x = load_x(p.x_offset / 4u + block * p.x_step);
  let y = vec4<f32>(choose(word.x, x.x), choose(word.y, x.y), choose(word.z, x.z), choose(word.w, x.w));
  let at = p.out_offset / 4u + block;
  if (first + 4u <= p.n) {
    store_out(at, y);
  } else {
    // What follows the last element belongs to others.
    let lanes = vec4<u32>(0u, 1u, 2u, 3u) + first;
    store_out(at, select(load_out(at), y, lanes < vec4<u32>(p.n)));
  }
}
