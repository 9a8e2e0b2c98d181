// Sets n elements from an offset on.

struct Params {
  n: u32,
  out_offset: u32,
  value: u32, // its bits
}

@compute @workgroup_size(GROUP_SIZE)
fn main(grid: Grid) {
  let i = thread_index(grid);
  if (i >= p.n) {
    return;
  }
  store_out(p.out_offset + i, bitcast<T>(p.value));
}
