// Elementary functions to about 1e-6 relative, for all inputs. The language's own ones lose far more on some drivers: tanh is NaN for large
// inputs, exp(NaN) is infinite, log is coarse near 1. Constants without a source are a minimax fit to the function named.
// Results below 2^-126 may be flushed to 0.

const LN2_HIGH = 0.693359375; // few bits, so that its product with a small integer is exact
const LN2_LOW = -2.12194440e-4; // ln 2 - LN2_HIGH

// 2^k for -126 <= k <= 127.
fn exp2_int(k: i32) -> f32 {
  return bitcast<f32>(u32(k + 127) << 23u);
}

// e^r - 1 for |r| <= ln(2) / 2: r + r^2 q(r).
fn expm1_small(r: f32) -> f32 {
  let q = 0.5 + r * (0.166665432 + r * (0.0416662827 + r * (0.00836656488 + r * 0.00139464126)));
  return r + r * r * q;
}

// 2^k e^r in two steps, for k in [-150, 128]: 2^k alone may be out of range.
fn scaled_exp(r: f32, k: i32) -> f32 {
  let half = k / 2;
  return (1.0 + expm1_small(r)) * exp2_int(half) * exp2_int(k - half);
}

fn exp_(x: f32) -> f32 {
  if (is_nan(x)) {
    return x;
  }
  if (x > 88.7228394) {
    return infinity();
  }
  if (x < -103.972084) {
    return 0.0;
  }
  let k = round(x * 1.44269502);
  return scaled_exp((x - k * LN2_HIGH) - k * LN2_LOW, i32(k));
}

fn expm1_(x: f32) -> f32 {
  if (is_nan(x)) {
    return x;
  }
  if (x > 60.0) {
    return exp_(x);
  }
  if (x < -18.0) {
    return -1.0;
  }
  let k = round(x * 1.44269502);
  let small = expm1_small((x - k * LN2_HIGH) - k * LN2_LOW);
  if (k == 0.0) {
    return select(small, x, abs(x) < 1e-8); // keeps -0 and subnormals where the device does
  }
  let scale = exp2_int(i32(k));
  return scale * small + (scale - 1.0);
}

// log(1 + f) - f for f in [sqrt(1/2) - 1, sqrt(2) - 1], with s = f / (2 + f): f^2 / 2 is taken off exactly enough, the rest is the
// series 2 (s^3/3 + s^5/5 + ...) of the inverse hyperbolic tangent.
fn log1p_rest(f: f32) -> f32 {
  let s = f / (2.0 + f);
  let z = s * s;
  let series = z * (0.666666667 + z * (0.4 + z * (0.285714286 + z * 0.222222222)));
  let square = 0.5 * f * f;
  return s * (square + series) - square;
}

struct Binary {
  exponent: f32,
  fraction: f32, // in [sqrt(1/2), sqrt(2))
}

// x = 2^exponent * fraction for a positive finite x; subnormals are read from their bits, since arithmetic may flush them.
fn split(x: f32) -> Binary {
  var bits = bitcast<u32>(x);
  var exponent = -127;
  if (bits < 0x800000u) {
    bits = bitcast<u32>(f32(bits));
    exponent = -276; // 2^-149 is the unit of a subnormal
  }
  exponent += i32(bits >> 23u);
  let fraction = bitcast<f32>((bits & 0x7fffffu) | 0x3f800000u);
  if (fraction > 1.41421354) {
    return Binary(f32(exponent + 1), 0.5 * fraction);
  }
  return Binary(f32(exponent), fraction);
}

fn log_(x: f32) -> f32 {
  let bits = bitcast<u32>(x);
  if (is_nan(x) || bits == 0x7f800000u) {
    return x;
  }
  if ((bits & 0x7fffffffu) == 0u) {
    return -infinity();
  }
  if ((bits >> 31u) == 1u) {
    return not_a_number();
  }
  let parts = split(x);
  let f = parts.fraction - 1.0;
  return parts.exponent * LN2_HIGH + (f + (log1p_rest(f) + parts.exponent * LN2_LOW));
}

fn log1p_(x: f32) -> f32 {
  if (is_nan(x)) {
    return x;
  }
  if (x > -0.29 && x < 0.41) {
    return select(x + log1p_rest(x), x, abs(x) < 1e-8);
  }
  return log_(1.0 + x);
}

fn sqrt_(x: f32) -> f32 {
  if (is_nan(x) || x < 0.0) {
    return not_a_number();
  }
  return sqrt(x);
}

fn sigmoid(x: f32) -> f32 {
  if (is_nan(x)) {
    return x;
  }
  let e = exp_(-abs(x));
  return select(e, 1.0, x >= 0.0) / (1.0 + e);
}

fn tanh_(x: f32) -> f32 {
  if (is_nan(x)) {
    return x;
  }
  var y = 1.0; // to all digits beyond 10
  if (abs(x) < 10.0) {
    let t = expm1_(2.0 * abs(x));
    y = t / (t + 2.0);
  }
  return bitcast<f32>(bitcast<u32>(y) | (bitcast<u32>(x) & 0x80000000u));
}

fn softplus(x: f32) -> f32 {
  return max_f32(x, 0.0) + log1p_(exp_(-abs(x)));
}

fn erf_(x: f32) -> f32 {
  if (is_nan(x)) {
    return x;
  }
  let a = abs(x);
  if (a <= 1.0) {
    let z = x * x; // erf(x) / x
    return x * (1.12837917 + z * (-0.376126271 + z * (0.112836002 + z * (-0.0268544446
        + z * (0.00518953534 + z * (-0.000802084128 + z * 7.88911952e-05))))));
  }
  var y = 1.0; // to all digits beyond 4
  if (a < 4.0) {
    // -log(1 - erf(a))
    let p = 0.000353708929 + a * (1.12704008 + a * (0.638225602 + a * (0.103037436
        + a * (-0.0218053512 + a * (0.00293961574 - a * 0.000185574893)))));
    y = 1.0 - exp_(-p);
  }
  return select(-y, y, x > 0.0);
}
