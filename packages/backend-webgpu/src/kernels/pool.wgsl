// Pools windows of each plane, one a thread: the sum of their elements (IS_MAX false), or the greatest, the first of equals, NaN before all, and where that lies in
// its plane, for pool-grad.wgsl. What lies outside takes no part; without any element the pad value is left. `put` stores what is asked for.

struct Params {
  window: array<vec4<u32>, 6>, // as in window.wgsl
  n: u32,
  x_offset: u32,
  out_offset: u32,
  pad_value: f32,
}

@compute @workgroup_size(GROUP_SIZE)
fn main(grid: Grid) {
  let n = thread_index(grid);
  if (n >= p.n) {
    return;
  }
  let base = p.x_offset + (n / result().w) * image().w;
  var value = p.pad_value;
  var winner = OUTSIDE;
  for (var element = 0u; element < kernel().w; element++) {
    let at = in_image(n % result().w, element);
    if (at != OUTSIDE) {
      let x = load_x(base + at);
      if (!IS_MAX) {
        value += x;
      } else if (winner == OUTSIDE || (!is_nan(value) && (is_nan(x) || lt_f32(value, x)))) {
        value = x;
        winner = at;
      }
    }
  }
  put(n, value, winner);
}
