// Where in the mask element `i` of the data is, and how far along the last dimension it is.
fn mask_place(i: u32) -> vec2<u32> {
  var rest = i;
  var m = p.residue;
  var last = i;
  for (var d = RANK - 1u; d > 0u; d--) {
    let dim = p.dims[d];
    let next = rest / dim.x;
    m += (rest - next * dim.x) * dim.y;
    if (d == RANK - 1u) {
      last = rest - next * dim.x;
    }
    rest = next;
  }
  return vec2<u32>(m + rest * p.dims[0].y, last);
}
