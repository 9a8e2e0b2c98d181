// The gradient of pooling: each place of an image, a thread's, gets the sum of the gradients of the windows that it is in or, for a maximum, of those that it won.

struct Params {
  window: array<vec4<u32>, 6>, // as in window.wgsl
  n: u32,
  grad_offset: u32,
  out_offset: u32,
}

// The first window of a dimension that may have a place, padding counted.
fn first_window(at: u32, d: u32) -> u32 {
  let reach = (p.window[0][d] - 1u) * p.window[2][d];
  let stride = p.window[1][d];
  return select(0u, (at - reach + stride - 1u) / stride, at > reach);
}

fn is_in(at: u32, window: u32, d: u32) -> bool {
  return (at - window * p.window[1][d]) % p.window[2][d] == 0u;
}

@compute @workgroup_size(GROUP_SIZE)
fn main(grid: Grid) {
  let n = thread_index(grid);
  if (n >= p.n) {
    return;
  }
  let base = (n / image().w) * result().w;
  let own = n % image().w;
  let at = place_in(own, image()) + p.window[3].xyz;
  let last = min(at / p.window[1].xyz, result().xyz - 1u);
  var sum = 0.0;
  for (var z = first_window(at.x, 0u); z <= last.x; z++) {
    for (var y = first_window(at.y, 1u); y <= last.y; y++) {
      for (var x = first_window(at.z, 2u); x <= last.z; x++) {
        let window = index_in(vec3<u32>(z, y, x), result());
        if (is_in(at.x, z, 0u) && is_in(at.y, y, 1u) && is_in(at.z, x, 2u) && is_won(base + window, own)) {
          sum += load_grad(p.grad_offset + base + window);
        }
      }
    }
  }
  store_out(p.out_offset + n, sum);
}
