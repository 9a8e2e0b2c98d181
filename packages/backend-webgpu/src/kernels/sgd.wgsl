// One step of SGD on n elements, in place, with torch.optim's formulas.

struct Params {
  n: u32,
  param_offset: u32,
  grad_offset: u32,
  momentum_offset: u32,
  lr: f32,
  weight_decay: f32,
  momentum: f32,
  blend: f32, // 1 - dampening
}

@compute @workgroup_size(GROUP_SIZE)
fn main(grid: Grid) {
  let i = thread_index(grid);
  if (i >= p.n) {
    return;
  }
  let value = load_param(p.param_offset + i);
  var step = load_grad(p.grad_offset + i);
  if (p.weight_decay != 0.0) {
    step += p.weight_decay * value;
  }
  store_param(p.param_offset + i, value - p.lr * with_momentum(i, step));
}
