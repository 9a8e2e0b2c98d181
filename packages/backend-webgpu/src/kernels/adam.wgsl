// Adam, or AdamW, with torch.optim's formulas.

struct Piece {
  first_group: u32,
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
  unused: u32,
}

fn step(number: u32, piece: Piece, i: u32, mine: Inside) {
  let old = load_param(number, piece.param_offset + i);
  let old_mean = load_mean(number, piece.mean_offset + i);
  let old_square = load_square(number, piece.square_offset + i);
  var g = load_grad(number, piece.grad_offset + i);
  if (piece.weight_decay != 0.0) {
    g += piece.weight_decay * old;
  }
  let m = piece.beta1 * old_mean + piece.blend1 * g;
  let v = piece.beta2 * old_square + piece.blend2 * g * g;
  let moved = piece.keep * old - (piece.step_size * m) / (sqrt(v) / piece.root_correction + piece.eps);
  store_mean(number, piece.mean_offset + i, select(old_mean, m, mine));
  store_square(number, piece.square_offset + i, select(old_square, v, mine));
  store_param(number, piece.param_offset + i, select(old, moved, mine));
}
