// out[o, index[o, j, i], i] += x[o, j, i] for j in [first, last). A thread owns a column (o, i) and goes through j in order, so the sums are
// the same on every run and no two threads meet. Indices outside [0, along) are skipped.

struct Params {
  start: vec4<u32>, // offsets of index, x and out
  strides: vec4<u32>, // of index
  n: u32, // columns
  along: u32,
  count: u32,
  inner: u32,
  first: u32,
  last: u32,
}

@compute @workgroup_size(GROUP_SIZE)
fn main(grid: Grid) {
  let n = thread_index(grid);
  if (n >= p.n) {
    return;
  }
  let i = n % p.inner;
  let o = n / p.inner;
  let first_index = p.start.x + o * p.strides.x + i * p.strides.z;
  for (var j = p.first; j < p.last; j++) {
    let index = bitcast<u32>(load_index(first_index + j * p.strides.y));
    if (index < p.along) {
      let at = p.start.z + (o * p.along + index) * p.inner + i;
      store_out(at, load_out(at) + load_x(p.start.y + (o * p.count + j) * p.inner + i));
    }
  }
}
