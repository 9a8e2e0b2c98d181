// The mask of the default stream: word m & 3 of Philox block m >> 2 decides element m, which has 53 bits. `base` is the 64-bit element offset
// divided by 4, `residue` the rest.

struct Params {
  dims: array<vec4<u32>, RANK>, // size and mask stride
  seed: vec2<u32>,
  call: vec2<u32>,
  base: vec2<u32>,
  residue: u32,
  threshold: u32,
  scale: f32,
  shift: f32,
  drop_value: f32,
  zero: u32, // always 0, which the compiler does not know
  n: u32,
  x_offset: u32,
  x_step: u32, // 0 where one value of x stands for all
  out_offset: u32,
}

// The four words of mask elements 4 * (base + block) and on.
fn words(block: u32) -> vec4<u32> {
  let low = p.base.x + block;
  let high = p.base.y + u32(low < block);
  return philox(p.seed, vec4<u32>(p.call, low, high));
}
