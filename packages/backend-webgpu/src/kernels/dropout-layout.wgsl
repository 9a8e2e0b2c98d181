// The mask of another framework, whose threads share the blocks as `MaskLayout` of the contract says. All that has 64 bits was divided before: a
// dispatch begins in some turn of the threads, and `call` is that turn's.

struct Params {
  dims: array<vec4<u32>, RANK>, // size and mask stride
  seed: vec2<u32>,
  call: vec2<u32>,
  first: u32, // where in its turn mask element 0 is: blocks where packed, else threads
  slot: u32, // and the slot of that thread, where it is spread
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
  limit: vec2<u32>, // wide: what two words are below, low word first
  threads: u32,
  word_shift: u32,
  low: u32,
  columns: u32,
}

// How often all threads had their turn before `at`, and which thread it is.
fn turn_of(at: u32) -> vec2<u32> {
  if (at < p.threads) {
    return vec2<u32>(0u, at);
  }
  let turn = at / p.threads;
  return vec2<u32>(turn, at - turn * p.threads);
}

fn block_of(turn: u32, thread: u32) -> vec4<u32> {
  let low = p.call.x + turn;
  return philox(p.seed, vec4<u32>(low, p.call.y + u32(low < turn), thread, 0u));
}
