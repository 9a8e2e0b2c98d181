// The affine select behind the dropout family: y = keep(m) ? x * scale + shift : drop_value, where element m of the mask is kept when word
// m & 3 of Philox block m >> 2 is below the threshold. The mask is drawn as it is used; none is stored. `m` has 53 bits: `base`
// is the 64-bit element offset divided by 4, `residue` the rest. Three entry points, fastest first; dropout.ts picks one.

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

fn choose(word: u32, x: f32) -> f32 {
  var y = x * p.scale;
  if (p.shift != 0.0) {
    // The detour through bits keeps product and sum apart: fused, they would round once, where every other backend rounds twice.
    y = bitcast<f32>(bitcast<u32>(y) ^ p.zero) + p.shift;
  }
  return select(p.drop_value, y, word < p.threshold);
}
