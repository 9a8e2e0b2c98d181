// Stochastic gradient descent with torch.optim's formulas; `with_momentum` says what of the momentum goes into the step.

struct Piece {
  first_group: u32,
  n: u32,
  param_offset: u32,
  grad_offset: u32,
  momentum_offset: u32,
  lr: f32,
  weight_decay: f32,
  momentum: f32,
  blend: f32, // 1 - dampening
  first: u32, // 1 on a parameter's first step, on which the momentum is set, not blended
  nesterov: u32,
  unused: u32,
}

fn step(number: u32, piece: Piece, i: u32, mine: Inside) {
  let old = load_param(number, piece.param_offset + i);
  var g = load_grad(number, piece.grad_offset + i);
  if (piece.weight_decay != 0.0) {
    g += piece.weight_decay * old;
  }
  store_param(number, piece.param_offset + i, select(old, old - piece.lr * with_momentum(number, piece, i, mine, g), mine));
}
