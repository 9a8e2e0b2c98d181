// As dropout-shared.wgsl, where neighbours of the mask share no block: each element of the mask is drawn alone.

@compute @workgroup_size(GROUP_SIZE)
fn main(grid: Grid) {
  let first = thread_index(grid) * 4u;
  if (first >= p.n) {
    return;
  }
  let row = p.dims[RANK - 1u];
  var place = mask_place(first);
  var drawn = place.x;
  var word = word_of(drawn);
  for (var i = first; i < min(first + 4u, p.n); i++) {
    if (place.x != drawn) {
      drawn = place.x;
      word = word_of(drawn);
    }
    store_out(p.out_offset + i, choose(word, load_x(p.x_offset + i * p.x_step)));
    place += vec2<u32>(row.y, 1u);
    if (place.y == row.x) {
      place = mask_place(i + 1u);
    }
  }
}
