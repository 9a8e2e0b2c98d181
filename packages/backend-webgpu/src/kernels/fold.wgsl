// out[plane, i] is the sum of x[plane, k, o] over all windows o and elements k that lie at i, in the order of o. One thread for each element of out gathers what
// belongs to it: no two meet, and the sum is the same on every run. Windows as in window.wgsl.

struct Params {
  window: array<vec4<u32>, 6>,
  n: u32,
  x_offset: u32,
  out_offset: u32,
}

@compute @workgroup_size(GROUP_SIZE)
fn main(grid: Grid) {
  let n = thread_index(grid);
  if (n >= p.n) {
    return;
  }
  let at = place_in(n % image().w, image()) + padding();
  let first = first_window(at);
  let end = end_of_windows(at);
  let start = p.x_offset + (n / image().w) * kernel().w * result().w;
  var sum = 0.0;
  for (var d = first.x; d < end.x; d++) {
    for (var h = first.y; h < end.y; h++) {
      for (var w = first.z; w < end.z; w++) {
        let window = vec3<u32>(d, h, w);
        let element = element_of(window, at);
        if (element != OUTSIDE) {
          sum += load_x(start + element * result().w + index_in(window, result()));
        }
      }
    }
  }
  store_out(p.out_offset + n, sum);
}
