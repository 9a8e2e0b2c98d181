// out[o, j, i] = x[o, index[o, j, i], i] with x [outer, along, inner] and out [outer, count, inner] contiguous. An index outside [0, along)
// gives `OUTSIDE`: NaN, or 0 for integers. Nothing outside x is read.

struct Params {
  start: vec4<u32>, // offsets of index, x and out
  strides: vec4<u32>, // of index
  n: u32,
  along: u32,
  count: u32,
  inner: u32,
}

@compute @workgroup_size(GROUP_SIZE)
fn main(grid: Grid) {
  let n = thread_index(grid);
  if (n >= p.n) {
    return;
  }
  let i = n % p.inner;
  let row = n / p.inner;
  let j = row % p.count;
  let o = row / p.count;
  let index = bitcast<u32>(load_index(p.start.x + o * p.strides.x + j * p.strides.y + i * p.strides.z));
  if (index < p.along) {
    store_out(p.start.z + n, load_x(p.start.y + (o * p.along + index) * p.inner + i));
  } else {
    store_out(p.start.z + n, outside());
  }
}
