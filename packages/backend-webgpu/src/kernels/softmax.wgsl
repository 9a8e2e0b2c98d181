// Softmax, or its logarithm, over the middle of [outer, size, inner]: a thread goes through one column. For columns up to 1024; longer ones
// are put together from other kernels (see softmax.ts), since a single thread would be slow and its sum inexact.

struct Params {
  n: u32, // outer * inner
  size: u32,
  inner: u32,
  x_offset: u32,
  out_offset: u32,
}

@compute @workgroup_size(GROUP_SIZE)
fn main(grid: Grid) {
  let n = thread_index(grid);
  if (n >= p.n) {
    return;
  }
  let start = (n / p.inner) * p.size * p.inner + n % p.inner;
  let x = p.x_offset + start;
  var top = load_x(x);
  for (var s = 1u; s < p.size; s++) {
    top = max_f32(top, load_x(x + s * p.inner));
  }
  var sum = 0.0;
  for (var s = 0u; s < p.size; s++) {
    sum += exp_(load_x(x + s * p.inner) - top);
  }
  let log_sum = log_(sum);
  for (var s = 0u; s < p.size; s++) {
    let shifted = load_x(x + s * p.inner) - top;
    if (LOG) {
      store_out(p.out_offset + start + s * p.inner, shifted - log_sum);
    } else {
      store_out(p.out_offset + start + s * p.inner, exp_(shifted) / sum);
    }
  }
}
