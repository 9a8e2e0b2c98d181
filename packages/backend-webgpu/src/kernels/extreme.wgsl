// One pass of amax, amin or argmax over the middle of [outer, size, inner]; parts as in sum.wgsl. The running result is a position, compared
// by a key that orders as the values do, so NaN wins and the first of equals is found whatever the order of reading. Passes after the
// first go through the positions found by the one before (`position`); the last one of amax and amin writes the value (`result`).

struct Params {
  n: u32, // outer * parts * inner
  size: u32, // of this pass's input
  parts: u32,
  inner: u32,
  x_offset: u32,
  out_offset: u32,
  full_size: u32, // of x
}

@compute @workgroup_size(GROUP_SIZE)
fn main(grid: Grid) {
  let n = thread_index(grid);
  if (n >= p.n) {
    return;
  }
  let i = n % p.inner;
  let row = n / p.inner;
  let part = row % p.parts;
  let o = row / p.parts;
  let start = p.x_offset + o * p.full_size * p.inner + i;
  var best = position(part, o, i);
  var top = key(load_x(start + best * p.inner));
  for (var s = part + p.parts; s < p.size; s += p.parts) {
    let candidate = position(s, o, i);
    let value = key(load_x(start + candidate * p.inner));
    if (value > top || (value == top && candidate < best)) {
      top = value;
      best = candidate;
    }
  }
  store_out(p.out_offset + n, result(best, start));
}
