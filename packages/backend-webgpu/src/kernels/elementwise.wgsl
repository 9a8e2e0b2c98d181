// out[...] = op(a[...], b[...], c[...]) for strided operands and numbers, one element or four neighbours at a time (`put` is written by elementwise.ts). A
// thread takes `each` of them, a group apart: so few threads move much memory, and neighbouring threads read neighbouring places.

struct Params {
  strides: array<vec4<u32>, RANK>, // of a, b, c and out along each dimension, innermost last; they wrap, so negative ones work
  start: vec4<u32>, // where these begin
  sizes: array<vec4<u32>, SIZES>, // of the dimensions
  n: u32, // elements
  count: u32, // what is done at a time: elements, or vectors of four
  each: u32,
  number_a: u32, // the bits of operands that are numbers
  number_b: u32,
  number_c: u32,
}

// The places of an index, row by row. Neighbouring dimensions are merged on the host, so contiguous operands need no division.
fn place(index: u32) -> vec4<u32> {
  var rest = index;
  var at = p.start;
  for (var d = RANK - 1u; d > 0u; d--) {
    let size = p.sizes[d / 4u][d % 4u];
    let next = rest / size;
    at += (rest - next * size) * p.strides[d];
    rest = next;
  }
  return at + rest * p.strides[0];
}

@compute @workgroup_size(GROUP_SIZE)
fn main(grid: Grid) {
  let first = group_index(grid) * GROUP_SIZE * p.each + grid.lane;
  for (var k = 0u; k < p.each; k++) {
    let i = first + k * GROUP_SIZE;
    if (i >= p.count) {
      return;
    }
    put(i, place(i));
  }
}
