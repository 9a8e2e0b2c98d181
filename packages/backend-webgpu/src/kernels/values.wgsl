// What the language leaves open about single values, made certain. Compilers may assume that NaN and infinities do not occur (`x != x` is
// folded to false, `x < 0.0` may be true for NaN), so both are made and recognised by their bits, and order is compared on integers
// wherever a NaN may come in.

fn is_nan(x: f32) -> bool {
  return (bitcast<u32>(x) & 0x7fffffffu) > 0x7f800000u;
}

// Through a variable, since a constant expression may not be infinite.
fn from_bits(bits: u32) -> f32 {
  var word = bits;
  return bitcast<f32>(word);
}

fn infinity() -> f32 {
  return from_bits(0x7f800000u);
}

fn not_a_number() -> f32 {
  return from_bits(0x7fc00000u);
}

// A u32 that orders as the value does: -0 below +0, NaN of either sign above all.
fn key_f32(x: f32) -> u32 {
  let bits = bitcast<u32>(x);
  if ((bits & 0x7fffffffu) > 0x7f800000u) {
    return 0xffffffffu;
  }
  return select(bits | 0x80000000u, ~bits, (bits >> 31u) == 1u);
}

// The same, with one key for both zeros: equal values have equal keys.
fn order_f32(x: f32) -> u32 {
  return select(key_f32(x), 0x80000000u, (bitcast<u32>(x) & 0x7fffffffu) == 0u);
}

fn order_i32(x: i32) -> u32 {
  return bitcast<u32>(x) ^ 0x80000000u;
}

fn order_u32(x: u32) -> u32 {
  return x;
}

fn max_f32(a: f32, b: f32) -> f32 {
  return select(b, a, key_f32(a) >= key_f32(b));
}

// Inverted keys would put NaN last; it wins here, too.
fn min_f32(a: f32, b: f32) -> f32 {
  if (is_nan(a)) {
    return a;
  }
  return select(b, a, !is_nan(b) && key_f32(a) <= key_f32(b));
}

fn eq_f32(a: f32, b: f32) -> bool {
  return order_f32(a) == order_f32(b) && !is_nan(a);
}

fn lt_f32(a: f32, b: f32) -> bool {
  return order_f32(a) < order_f32(b) && !is_nan(b);
}

fn le_f32(a: f32, b: f32) -> bool {
  return order_f32(a) <= order_f32(b) && !is_nan(b);
}

// Truncates, keeps the low 32 bits of what is too large and gives 0 for NaN and infinities, as storing to an Int32Array does.
fn f32_to_i32(x: f32) -> i32 {
  let bits = bitcast<u32>(x);
  let exponent = i32((bits >> 23u) & 0xffu) - 150; // of the last mantissa bit
  let mantissa = (bits & 0x7fffffu) | 0x800000u;
  var magnitude = 0u;
  if (exponent >= 0 && exponent < 32) {
    magnitude = mantissa << u32(exponent);
  } else if (exponent < 0 && exponent > -24) {
    magnitude = mantissa >> u32(-exponent);
  }
  return select(i32(magnitude), -i32(magnitude), (bits >> 31u) == 1u);
}

// Rounded once: both halves are exact in f32. The language's own conversion is off by a unit on some drivers.
fn i32_to_f32(x: i32) -> f32 {
  return f32(x >> 12u) * 4096.0 + f32(x & 0xfff);
}

// NaN and -0 stay.
fn relu(x: f32) -> f32 {
  return select(x, 0.0, lt_f32(x, 0.0));
}

fn f32_to_bool(x: f32) -> u32 {
  return u32((bitcast<u32>(x) & 0x7fffffffu) != 0u);
}
