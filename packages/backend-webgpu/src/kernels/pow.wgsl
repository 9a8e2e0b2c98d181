// a^b with the special cases of IEEE 754. Whole exponents up to 16 are products; otherwise 2^(b log2 a), where log2 a is held in two floats:
// the result is off by the exponent's absolute error, so a single float would lose two digits of large results.

fn pow_(a: f32, b: f32) -> f32 {
  if (b == 0.0 || eq_f32(a, 1.0)) {
    return 1.0;
  }
  if (is_nan(a) || is_nan(b)) {
    return not_a_number();
  }
  let whole = trunc(b) == b; // true for every float of 2^24 or more
  let odd = whole && abs(b) < 16777216.0 && (i32(b) & 1) == 1;
  let negative = (bitcast<u32>(a) >> 31u) == 1u;
  let base = abs(a);
  if (negative && !whole && base != 0.0 && base < infinity()) {
    return not_a_number();
  }
  let y = pow_positive(base, b, whole);
  return select(y, -y, negative && odd);
}

// base >= 0 or infinite, b not 0.
fn pow_positive(base: f32, b: f32, whole: bool) -> f32 {
  if (base == 0.0 || bitcast<u32>(base) == 0x7f800000u) {
    return select(infinity(), 0.0, (base == 0.0) == (b > 0.0));
  }
  if (base == 1.0) {
    return 1.0;
  }
  if ((bitcast<u32>(b) & 0x7fffffffu) == 0x7f800000u) {
    return select(0.0, infinity(), (base > 1.0) == (b > 0.0));
  }
  if (b == 0.5) {
    return sqrt(base);
  }
  if (whole && abs(b) <= 16.0) {
    let y = pow_whole(base, u32(abs(b)));
    return select(1.0 / y, y, b > 0.0);
  }
  return pow_general(base, b);
}

fn pow_whole(base: f32, exponent: u32) -> f32 {
  var y = 1.0;
  var square = base;
  for (var left = exponent; left != 0u; left >>= 1u) {
    if ((left & 1u) == 1u) {
      y *= square;
    }
    square *= square;
  }
  return y;
}

// The upper 12 bits of the mantissa: two such numbers have an exact product.
fn upper(x: f32) -> f32 {
  return bitcast<f32>(bitcast<u32>(x) & 0xfffff000u);
}

fn pow_general(base: f32, b: f32) -> f32 {
  let parts = split(base);
  let f = parts.fraction - 1.0;
  let l = (f + log1p_rest(f)) * 1.44269502;
  let high = upper(parts.exponent + l);
  let low = (parts.exponent - high) + l;
  let b_high = upper(b);
  let product = b_high * high;
  let rest = (b - b_high) * high + b * low;
  if (product + rest >= 128.0) {
    return infinity();
  }
  if (product + rest < -149.0) {
    return 0.0;
  }
  let k = round(product + rest);
  return scaled_exp(((product - k) + rest) * 0.693147182, i32(k));
}
