// Philox4x32-10 (Salmon, Moraes, Dror and Shaw, SC 2011): four random words from a 64-bit key and a 128-bit counter. Integers only, so the
// words are the same on every device.

const M0 = 0xd2511f53u;
const M1 = 0xcd9e8d57u;
const W0 = 0x9e3779b9u;
const W1 = 0xbb67ae85u;

// The high half of M0 * a, from 16-bit halves. M0's own halves are so small that both middle products and the carry stay below 2^32.
fn mulhi_m0(a: u32) -> u32 {
  let low = a & 0xffffu;
  let high = a >> 16u;
  let middle = high * (M0 & 0xffffu) + low * (M0 >> 16u) + ((low * (M0 & 0xffffu)) >> 16u);
  return high * (M0 >> 16u) + (middle >> 16u);
}

// The same of M1, whose middle products are added one at a time.
fn mulhi_m1(a: u32) -> u32 {
  let low = a & 0xffffu;
  let high = a >> 16u;
  let middle = high * (M1 & 0xffffu) + ((low * (M1 & 0xffffu)) >> 16u);
  let other = low * (M1 >> 16u) + (middle & 0xffffu);
  return high * (M1 >> 16u) + (middle >> 16u) + (other >> 16u);
}

fn philox(seed: vec2<u32>, counter: vec4<u32>) -> vec4<u32> {
  var key = seed;
  var c = counter;
  for (var round = 0u; round < 10u; round++) {
    c = vec4<u32>(mulhi_m1(c.z) ^ c.y ^ key.x, M1 * c.z, mulhi_m0(c.x) ^ c.w ^ key.y, M0 * c.x);
    key += vec2<u32>(W0, W1);
  }
  return c;
}
