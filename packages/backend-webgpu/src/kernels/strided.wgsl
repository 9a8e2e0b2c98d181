// Turns an element's row-major index into its place in up to three operands. `dims[d]` is the size of a dimension and the operands' strides
// along it, innermost last; neighbouring dimensions are merged on the host, so contiguous operands need no division. Strides wrap, so
// negative ones work.

fn place(index: u32) -> vec3<u32> {
  var rest = index;
  var at = p.start.xyz;
  for (var d = RANK - 1u; d > 0u; d--) {
    let dim = p.dims[d];
    let next = rest / dim.x;
    at += (rest - next * dim.x) * dim.yzw;
    rest = next;
  }
  return at + rest * p.dims[0].yzw;
}
