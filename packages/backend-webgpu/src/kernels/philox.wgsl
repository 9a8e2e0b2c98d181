// Philox4x32-10 (Salmon, Moraes, Dror and Shaw, SC 2011): four random words from a 64-bit key and a 128-bit counter. Integers only, so the
// words are the same on every device.

const M0 = 0xd2511f53u;
const M1 = 0xcd9e8d57u;
const W0 = 0x9e3779b9u;
const W1 = 0xbb67ae85u;

// The high half of a 32 x 32 bit product, from 16-bit halves; no step overflows.
fn mulhi(a: u32, b: u32) -> u32 {
  let a_low = a & 0xffffu;
  let a_high = a >> 16u;
  let b_low = b & 0xffffu;
  let b_high = b >> 16u;
  let middle = a_high * b_low + ((a_low * b_low) >> 16u);
  let other = a_low * b_high + (middle & 0xffffu);
  return a_high * b_high + (middle >> 16u) + (other >> 16u);
}

fn philox(seed: vec2<u32>, counter: vec4<u32>) -> vec4<u32> {
  var key = seed;
  var c = counter;
  for (var round = 0u; round < 10u; round++) {
    c = vec4<u32>(mulhi(M1, c.z) ^ c.y ^ key.x, M1 * c.z, mulhi(M0, c.x) ^ c.w ^ key.y, M0 * c.x);
    key += vec2<u32>(W0, W1);
  }
  return c;
}
