// Rounding, signs, sine and cosine, of every argument. Needs values.wgsl.

// `y`, which is x without its fraction or a neighbour of that, with the sign of x; x itself where it has no fraction: beyond 2^23, and NaN.
fn whole(x: f32, y: f32) -> f32 {
  let bits = bitcast<u32>(x);
  if ((bits & 0x7fffffffu) >= 0x4b000000u) {
    return x;
  }
  return bitcast<f32>((bitcast<u32>(y) & 0x7fffffffu) | (bits & 0x80000000u));
}

fn floor_(x: f32) -> f32 {
  let y = trunc(x);
  return whole(x, select(y, y - 1.0, lt_f32(x, y)));
}

fn ceil_(x: f32) -> f32 {
  let y = trunc(x);
  return whole(x, select(y, y + 1.0, lt_f32(y, x)));
}

// The language's own sends halves to the even neighbour.
fn round_(x: f32) -> f32 {
  return whole(x, round(x));
}

// +0 for NaN and -0, as PyTorch has it.
fn sign_(x: f32) -> f32 {
  return select(select(0.0, -1.0, lt_f32(x, 0.0)), 1.0, lt_f32(0.0, x));
}

fn mulhi(a: u32, b: u32) -> u32 {
  let middle = (a >> 16u) * (b & 0xffffu) + (((a & 0xffffu) * (b & 0xffffu)) >> 16u);
  let other = (a & 0xffffu) * (b >> 16u) + (middle & 0xffffu);
  return (a >> 16u) * (b >> 16u) + (middle >> 16u) + (other >> 16u);
}

struct Turn {
  quarter: u32,
  rest: f32, // in [-pi/4, pi/4]
}

// |x| less the nearest quarter turns, as Payne and Hanek do: the 24 bits of x times those 96 of 2/pi that say anything about the quarter and the rest.
// Integers only, so that nothing depends on how a driver rounds, and no argument is too large.
fn turn(x: f32) -> Turn {
  let bits = bitcast<u32>(x) & 0x7fffffffu;
  if (bits <= 0x3f490fdau) {
    return Turn(0u, bitcast<f32>(bits));
  }
  var two_over_pi = array<u32, 8>(0u, 0xa2f9836eu, 0x4e441529u, 0xfc2757d1u, 0xf534ddc0u, 0xdb629599u, 0x3c439041u, 0xfe5163abu);
  let first = (bits >> 23u) - 120u;
  let word = first >> 5u;
  let shift = first & 31u;
  var window: array<u32, 3>;
  for (var i = 0u; i < 3u; i++) {
    let next = select(0u, two_over_pi[word + i + 1u] >> (32u - max(shift, 1u)), shift > 0u);
    window[i] = (two_over_pi[word + i] << shift) | next;
  }
  let mantissa = (bits & 0x7fffffu) | 0x800000u;
  let low_part = mulhi(mantissa, window[2]);
  let low = mantissa * window[1] + low_part;
  // In units of 2^-30 quarter turns, and 2^-62 in `low`; whole turns are shifted out.
  let high = mantissa * window[0] + mulhi(mantissa, window[1]) + u32(low < low_part);
  let quarter = (high + 0x20000000u) >> 30u;
  let rest = i32_to_f32(bitcast<i32>(high - (quarter << 30u))) + f32(low >> 8u) * 5.9604644775390625e-8;
  return Turn(quarter & 3u, rest * 1.46291807926715968e-9); // pi/2 * 2^-30
}

// By the number of quarter turns sin or cos of the rest, or minus one of them. The polynomials are those of Cephes's sinf and cosf (S. L. Moshier).
fn turned(quarter: u32, r: f32) -> f32 {
  let z = r * r;
  var y = r * (1.0 + z * (-1.6666654611e-1 + z * (8.3321608736e-3 - z * 1.9515295891e-4)));
  if ((quarter & 1u) == 1u) {
    y = 1.0 - 0.5 * z + z * z * (4.166664568298827e-2 + z * (-1.388731625493765e-3 + z * 2.443315711809948e-5));
  }
  return select(y, -y, (quarter & 2u) == 2u);
}

fn sin_(x: f32) -> f32 {
  let bits = bitcast<u32>(x);
  if ((bits & 0x7fffffffu) >= 0x7f800000u) {
    return not_a_number();
  }
  let t = turn(x);
  return bitcast<f32>(bitcast<u32>(turned(t.quarter, t.rest)) ^ (bits & 0x80000000u)); // -0 stays
}

fn cos_(x: f32) -> f32 {
  if ((bitcast<u32>(x) & 0x7fffffffu) >= 0x7f800000u) {
    return not_a_number();
  }
  let t = turn(x);
  return turned(t.quarter + 1u, t.rest);
}

// Zeros have infinities of their sign.
fn rsqrt_(x: f32) -> f32 {
  let bits = bitcast<u32>(x);
  if ((bits & 0x7fffffffu) == 0u) {
    return from_bits(bits | 0x7f800000u);
  }
  if (bits > 0x7f800000u) {
    return not_a_number();
  }
  return select(1.0 / sqrt(x), 0.0, bits == 0x7f800000u);
}
