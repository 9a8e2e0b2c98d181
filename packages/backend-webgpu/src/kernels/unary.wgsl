// out[i] = op(x[i]) for contiguous data; `op` is written by unary.ts.

struct Params {
  n: u32,
  x_offset: u32,
  out_offset: u32,
}

@compute @workgroup_size(GROUP_SIZE)
fn main(grid: Grid) {
  let i = thread_index(grid);
  if (i >= p.n) {
    return;
  }
  store_out(p.out_offset + i, op(load_x(p.x_offset + i)));
}
