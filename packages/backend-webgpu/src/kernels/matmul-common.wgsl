// What both kernels of a product have in common: out[batch, i, j] = sum_k a[batch, i, k] b[batch, k, j] (+ bias[j]), any orientation of a and b.
// Sums are taken in blocks of 256, so that the error grows with k / 256, not k. A very long k comes in several dispatches; all but the first
// add to `out`.

struct Params {
  m: u32,
  k: u32,
  n: u32,
  tiles_m: u32,
  tiles_n: u32,
  tiles: u32, // in all batches
  a_offset: u32,
  a_batch: u32,
  a_row: u32,
  a_column: u32,
  b_offset: u32,
  b_batch: u32,
  b_row: u32,
  b_column: u32,
  out_offset: u32,
  bias_offset: u32,
  batches: u32,
  chunk: u32, // of k, that a dispatch's tiles take; each chunk has an output of its own, one behind the other
  window: array<vec4<u32>, WINDOW>, // of a convolution
}

const BLOCK = 256u;

// A thread has 4 x 4 elements, rows and columns APART from one another: the places of its rows, or columns, of `size` that the matrix has. Those beyond
// read the last one, and are not stored.
fn spread(first: u32, size: u32) -> vec4<u32> {
  return min(vec4<u32>(first) + APART * vec4<u32>(0u, 1u, 2u, 3u), vec4<u32>(size - 1u));
}
