// The momentum of SGD: updated, and what of it goes into the step.

fn with_momentum(number: u32, piece: Piece, i: u32, mine: Inside, g: Value) -> Value {
  let at = piece.momentum_offset + i;
  let old = load_momentum(number, at);
  var blended = g;
  if (piece.first == 0u) {
    blended = piece.momentum * old + piece.blend * g;
  }
  store_momentum(number, at, select(old, blended, mine));
  if (piece.nesterov == 0u) {
    return blended;
  }
  return g + piece.momentum * blended;
}
