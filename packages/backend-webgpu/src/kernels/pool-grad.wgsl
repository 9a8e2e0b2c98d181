// The gradient of pooling: each place of an image, a thread's, gets the sum of the gradients of the windows that it is in or, for a maximum, of those that it won.

struct Params {
  window: array<vec4<u32>, 6>, // as in window.wgsl
  n: u32,
  grad_offset: u32,
  out_offset: u32,
}

@compute @workgroup_size(GROUP_SIZE)
fn main(grid: Grid) {
  let n = thread_index(grid);
  if (n >= p.n) {
    return;
  }
  let base = (n / image().w) * result().w;
  let own = n % image().w;
  let at = place_in(own, image()) + padding();
  let first = first_window(at);
  let end = end_of_windows(at);
  var sum = 0.0;
  for (var d = first.x; d < end.x; d++) {
    for (var h = first.y; h < end.y; h++) {
      for (var w = first.z; w < end.z; w++) {
        let window = vec3<u32>(d, h, w);
        let index = base + index_in(window, result());
        if (element_of(window, at) != OUTSIDE && is_won(index, own)) {
          sum += load_grad(p.grad_offset + index);
        }
      }
    }
  }
  store_out(p.out_offset + n, sum);
}
