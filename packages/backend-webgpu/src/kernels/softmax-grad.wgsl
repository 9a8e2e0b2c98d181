// The gradient of softmax from its output y: y (grad - sum(grad y)); of its logarithm: grad - e^y sum(grad). Columns as in softmax.wgsl.

struct Params {
  n: u32, // outer * inner
  size: u32,
  inner: u32,
  y_offset: u32,
  grad_offset: u32,
  out_offset: u32,
}

@compute @workgroup_size(GROUP_SIZE)
fn main(grid: Grid) {
  let n = thread_index(grid);
  if (n >= p.n) {
    return;
  }
  let start = (n / p.inner) * p.size * p.inner + n % p.inner;
  var sum = 0.0;
  for (var s = 0u; s < p.size; s++) {
    let at = start + s * p.inner;
    let g = load_grad(p.grad_offset + at);
    if (LOG) {
      sum += g;
    } else {
      sum += g * load_y(p.y_offset + at);
    }
  }
  for (var s = 0u; s < p.size; s++) {
    let at = start + s * p.inner;
    let g = load_grad(p.grad_offset + at);
    let y = load_y(p.y_offset + at);
    if (LOG) {
      store_out(p.out_offset + at, g - exp_(y) * sum);
    } else {
      store_out(p.out_offset + at, y * (g - sum));
    }
  }
}
