// One step of Adam, or AdamW, on n elements, in place, with torch.optim's formulas. What depends on the step alone is computed on the host, in double.

struct Params {
  n: u32,
  param_offset: u32,
  grad_offset: u32,
  mean_offset: u32,
  square_offset: u32,
  keep: f32, // AdamW: 1 - lr * weight decay, else 1
  weight_decay: f32, // Adam's; 0 for AdamW
  beta1: f32,
  beta2: f32,
  blend1: f32, // 1 - beta1
  blend2: f32, // 1 - beta2
  step_size: f32, // lr / (1 - beta1^step)
  root_correction: f32, // sqrt(1 - beta2^step)
  eps: f32,
}

@compute @workgroup_size(GROUP_SIZE)
fn main(grid: Grid) {
  let i = thread_index(grid);
  if (i >= p.n) {
    return;
  }
  let old = load_param(p.param_offset + i);
  var g = load_grad(p.grad_offset + i);
  if (p.weight_decay != 0.0) {
    g += p.weight_decay * old;
  }
  let m = p.beta1 * load_mean(p.mean_offset + i) + p.blend1 * g;
  let v = p.beta2 * load_square(p.square_offset + i) + p.blend2 * g * g;
  store_mean(p.mean_offset + i, m);
  store_square(p.square_offset + i, v);
  store_param(p.param_offset + i, p.keep * old - (p.step_size * m) / (sqrt(v) / p.root_correction + p.eps));
}
