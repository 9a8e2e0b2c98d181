// Dropout with a mask that is broadcast (feature dropout, noise shapes): a thread takes four neighbours of the data. Most often they lie in one
// block of the mask, or share one element of it, so a block is drawn again only when the next element needs another.

@compute @workgroup_size(GROUP_SIZE)
fn main(grid: Grid) {
  let first = thread_index(grid) * 4u;
  if (first >= p.n) {
    return;
  }
  let row = p.dims[RANK - 1u];
  var place = mask_place(first);
  var block = place.x >> 2u;
  var word = words(block);
  for (var i = first; i < min(first + 4u, p.n); i++) {
    if (place.x >> 2u != block) {
      block = place.x >> 2u;
      word = words(block);
    }
    store_out(p.out_offset + i, choose(word[place.x & 3u], load_x(p.x_offset + i * p.x_step)));
    place += vec2<u32>(row.y, 1u);
    if (place.y == row.x) {
      place = mask_place(i + 1u);
    }
  }
}
