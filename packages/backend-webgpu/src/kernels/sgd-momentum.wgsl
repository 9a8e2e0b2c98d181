// What of the momentum buffer goes into the step. On a parameter's first step the buffer is set, not blended.

fn with_momentum(i: u32, step: f32) -> f32 {
  let at = p.momentum_offset + i;
  var blended = step;
  if (!FIRST) {
    blended = p.momentum * load_buffer(at) + p.blend * step;
  }
  store_buffer(at, blended);
  return select(blended, step + p.momentum * blended, NESTEROV);
}
