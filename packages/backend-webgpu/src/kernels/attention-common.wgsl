// What the kernels of attention share. A group of 128 threads has a tile of 32 queries and 32 keys at a time: a thread computes 4 x 2 of its scores, then 4 rows of
// vectors of a head's elements. Scores, weights and masks are made where they are used; nothing of size queries x keys is ever in memory. Access to tensors and to
// the mask is written by attention.ts; whether there is a triangle or dropout is asked as it runs, since each form is another kernel to compile.

struct Params {
  query: vec4<u32>, // of each tensor [batches, heads, rows, size]: offset, and the strides of batch, head and row; the last stride is 1
  key: vec4<u32>,
  value: vec4<u32>,
  out: vec4<u32>,
  mask: vec4<u32>,
  grad: vec4<u32>,
  grad_query: vec4<u32>,
  grad_key: vec4<u32>,
  grad_value: vec4<u32>,
  seed: vec2<u32>,
  call: vec2<u32>,
  element: vec2<u32>, // of the mask's first weight, 64 bits
  mask_column: u32,
  rows_offset: u32,
  batches: u32,
  heads: u32,
  group: u32, // heads of queries that share one of keys
  queries: u32,
  keys: u32,
  size: u32,
  value_size: u32,
  first_query: i32, // query i sees keys 0 to first_query + i, where `causal` is 1
  scale: f32,
  threshold: u32,
  keep_scale: f32,
  causal: u32,
  drops: u32,
}

const QUERY = 0u;
const KEY = 1u;
const VALUE = 2u;
const GRAD = 3u;

const T = 32u; // queries and keys of a tile
const DEPTH = 16u; // of the slices of heads whose product is taken
const BLOCK = 64u; // elements of heads that are summed at a time
const THREADS = 128u;

// Slices of two operands, [DEPTH, T] each, or rows of one, [T, BLOCK].
var<workgroup> stage: array<f32, T * BLOCK>;
// Weights, or gradients of scores: [query, key].
var<workgroup> tile: array<f32, T * (T + 1u)>;
// Which of eight neighbouring weights are kept: a bit each.
var<workgroup> kept: array<u32, THREADS>;

fn place(at: vec4<u32>, batch: u32, head: u32, row: u32) -> u32 {
  return at.x + batch * at.y + head * at.z + row * at.w;
}

// Element d of a row; 0 behind the last row and element. Queries come multiplied by the scale. `head` is one of queries.
fn element(which: u32, batch: u32, head: u32, row: u32, d: u32) -> f32 {
  let is_key = which == KEY || which == VALUE;
  let rows = select(p.queries, p.keys, is_key);
  let size = select(p.value_size, p.size, which == QUERY || which == KEY);
  if (row >= rows || d >= size) {
    return 0.0;
  }
  switch which {
    case QUERY: {
      return load_query(place(p.query, batch, head, row) + d) * p.scale;
    }
    case KEY: {
      return load_key(place(p.key, batch, head / p.group, row) + d);
    }
    case VALUE: {
      return load_value(place(p.value, batch, head / p.group, row) + d);
    }
    default: {
      return load_grad(place(p.grad, batch, head, row) + d);
    }
  }
}

// Rows of `a` from a0 on times rows of `b` from b0 on: the thread's four rows and two columns of [T, T]. Every thread of the group has to come.
fn product(a: u32, b: u32, batch: u32, head: u32, a0: u32, b0: u32, depth: u32, lane: u32) -> array<vec2<f32>, 4> {
  let row = 4u * (lane / 16u);
  let column = 2u * (lane % 16u);
  var sums = array<vec2<f32>, 4>();
  for (var start = 0u; start < depth; start += DEPTH) {
    for (var e = lane; e < DEPTH * T; e += THREADS) {
      let d = e % DEPTH;
      let r = e / DEPTH;
      stage[d * T + r] = element(a, batch, head, a0 + r, start + d);
      stage[DEPTH * T + d * T + r] = element(b, batch, head, b0 + r, start + d);
    }
    workgroupBarrier();
    for (var d = 0u; d < DEPTH; d++) {
      let at = d * T + row;
      let right = vec2<f32>(stage[DEPTH * T + d * T + column], stage[DEPTH * T + d * T + column + 1u]);
      sums[0] += stage[at] * right;
      sums[1] += stage[at + 1u] * right;
      sums[2] += stage[at + 2u] * right;
      sums[3] += stage[at + 3u] * right;
    }
    workgroupBarrier();
  }
  return sums;
}

// Rows from b0 on, elements from `start` on, into the stage. Every thread of the group has to come, and a barrier behind it.
fn fill_rows(b: u32, batch: u32, head: u32, b0: u32, start: u32, lane: u32) {
  for (var e = lane; e < T * BLOCK; e += THREADS) {
    stage[e] = element(b, batch, head, b0 + e / BLOCK, start + e % BLOCK);
  }
}

// A score with what hides it: -infinity for a key that is not there, or not seen.
fn seen(score: f32, batch: u32, head: u32, query: u32, key: u32) -> f32 {
  if (query >= p.queries || key >= p.keys) {
    return -infinity();
  }
  if (p.causal == 1u && i32(key) > p.first_query + i32(query)) {
    return -infinity();
  }
  return masked(score, place(p.mask, batch, head, query) + key * p.mask_column);
}

fn is_hidden(score: f32) -> bool {
  return bitcast<u32>(score) == 0xff800000u;
}

// The 64 bits of a product.
fn wide_product(a: u32, b: u32) -> vec2<u32> {
  let low = (a & 0xffffu) * (b & 0xffffu);
  let first = (a >> 16u) * (b & 0xffffu) + (low >> 16u);
  let second = (a & 0xffffu) * (b >> 16u) + (first & 0xffffu);
  return vec2<u32>(a * b, (a >> 16u) * (b >> 16u) + (first >> 16u) + (second >> 16u));
}

// Draws which weights of the tile are kept, eight neighbours a thread. A barrier has to follow.
fn draw(batch: u32, head: u32, query0: u32, key0: u32, lane: u32) {
  if (p.drops == 0u) {
    return;
  }
  let row = (batch * p.heads + head) * p.queries + query0 + lane / 4u;
  var at = wide_product(row, p.keys);
  let key = key0 + 8u * (lane % 4u);
  at.x += key;
  at.y += u32(at.x < key);
  at.x += p.element.x;
  at.y += p.element.y + u32(at.x < p.element.x);
  let residue = at.x & 3u;
  var block = vec2<u32>((at.x >> 2u) | (at.y << 30u), at.y >> 2u);
  var bits = 0u;
  for (var turn = 0u; turn < 3u; turn++) {
    if (turn < 2u || residue > 0u) {
      let words = philox(p.seed, vec4<u32>(p.call, block));
      let keeps = vec4<u32>(words < vec4<u32>(p.threshold));
      bits |= (keeps.x | (keeps.y << 1u) | (keeps.z << 2u) | (keeps.w << 3u)) << (4u * turn);
    }
    block.x++;
    block.y += u32(block.x == 0u);
  }
  kept[lane] = bits >> residue;
}

// What dropout multiplies a weight of the tile with.
fn factor(row: u32, column: u32) -> f32 {
  if (p.drops == 0u) {
    return 1.0;
  }
  return select(0.0, p.keep_scale, ((kept[4u * row + column / 8u] >> (column % 8u)) & 1u) == 1u);
}

// Where the tiles of keys that a tile of queries sees end.
fn end_of_keys(query0: u32) -> u32 {
  if (p.causal == 0u) {
    return p.keys;
  }
  return u32(clamp(p.first_query + i32(query0 + T), 0, i32(p.keys)));
}
