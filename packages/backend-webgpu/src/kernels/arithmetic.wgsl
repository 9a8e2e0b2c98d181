// Functions of two operands that are more than an expression.

// PyTorch's bound on the logarithms; NaN passes.
fn bounded(x: f32) -> f32 {
  return select(x, -100.0, lt_f32(x, -100.0));
}

fn binary_cross_entropy(probability: f32, label: f32) -> f32 {
  return -(label * bounded(log_(probability)) + (1.0 - label) * bounded(log1p_(-probability)));
}

// The language defines quotients for divisors up to 2^126 only: beyond, drivers that multiply by a reciprocal flush it to 0.
fn divide(a: f32, b: f32) -> f32 {
  let scale = select(1.0, 0.25, abs(b) > 8.5e37);
  return (a * scale) / (b * scale);
}

// Truncated; 0 for a divisor of 0, as storing an infinity to an Int32Array gives.
fn divide_int(a: i32, b: i32) -> i32 {
  if (b == 0) {
    return 0;
  }
  return select(a / b, 0 - a, b == -1);
}

fn pow_int(a: i32, b: i32) -> i32 {
  if (b < 0) {
    return select(0, select(1, a, (b & 1) == 1), a == 1 || a == -1);
  }
  var y = 1;
  var square = a;
  for (var left = b; left != 0; left >>= 1u) {
    if ((left & 1) == 1) {
      y *= square;
    }
    square *= square;
  }
  return y;
}
