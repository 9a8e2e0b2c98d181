// out[...] = convert(x[...]), any strides on both; `convert` is written by copy.ts.

struct Params {
  dims: array<vec4<u32>, RANK>,
  start: vec4<u32>, // offsets of x and out
  n: u32,
}

@compute @workgroup_size(GROUP_SIZE)
fn main(grid: Grid) {
  let i = thread_index(grid);
  if (i >= p.n) {
    return;
  }
  let at = place(i);
  store_out(at.y, convert(load_x(at.x)));
}
