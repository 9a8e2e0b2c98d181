// The gradients of attention, from what attention-delta.wgsl left of each query: weights and mask are made again, tile by tile. FOR_QUERIES: a group has a tile of
// queries and goes through the keys that they see; else it has a tile of keys, and goes through the queries of all heads that share them.

// The thread's weights, dropped, and the gradients of their scores, both [query, key], put away where rows and columns are asked for.
struct Tiles {
  weights: array<vec2<f32>, 4>,
  slopes: array<vec2<f32>, 4>,
}

fn tiles_of(batch: u32, head: u32, query0: u32, key0: u32, lane: u32) -> Tiles {
  let scores = product(QUERY, KEY, batch, head, query0, key0, p.size, lane);
  let ups = product(GRAD, VALUE, batch, head, query0, key0, p.value_size, lane);
  draw(batch, head, query0, key0, lane);
  workgroupBarrier();
  var tiles: Tiles;
  for (var i = 0u; i < 4u; i++) {
    let r = 4u * (lane / 16u) + i;
    let n = (batch * p.heads + head) * p.queries + min(query0 + r, p.queries - 1u);
    let top = load_facts(3u * n);
    let share = load_facts(3u * n + 1u);
    let delta = load_facts(3u * n + 2u);
    for (var j = 0u; j < 2u; j++) {
      let c = 2u * (lane % 16u) + j;
      let score = seen(scores[i][j], batch, head, query0 + r, key0 + c);
      var weight = 0.0;
      if (!is_hidden(score)) {
        weight = exp_(score - top) * share;
      }
      let keep = factor(r, c);
      tiles.weights[i][j] = weight * keep;
      tiles.slopes[i][j] = weight * (ups[i][j] * keep - delta);
    }
  }
  return tiles;
}

// Puts the thread's part into the tile: queries as rows, or as columns. Barriers around it are the caller's.
fn put(values: array<vec2<f32>, 4>, lane: u32) {
  for (var i = 0u; i < 4u; i++) {
    for (var j = 0u; j < 2u; j++) {
      let r = 4u * (lane / 16u) + i;
      let c = 2u * (lane % 16u) + j;
      tile[select(c * (T + 1u) + r, r * (T + 1u) + c, FOR_QUERIES)] = values[i][j];
    }
  }
}

// What the thread's rows of the tile make of the stage's column k.
fn step(row: u32, column: u32, k: u32, i: u32) -> vec4<f32> {
  let at = k * BLOCK + column;
  return tile[(row + i) * (T + 1u) + k] * vec4<f32>(stage[at], stage[at + 1u], stage[at + 2u], stage[at + 3u]);
}

@compute @workgroup_size(THREADS)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let unit = group.y * groups.x + group.x;
  let heads = select(p.heads / p.group, p.heads, FOR_QUERIES);
  let tiles = (select(p.keys, p.queries, FOR_QUERIES) + T - 1u) / T;
  if (unit >= tiles * heads * p.batches) {
    return;
  }
  let own0 = (unit % tiles) * T;
  let own_head = (unit / tiles) % heads;
  let batch = unit / (tiles * heads);
  let row = 4u * (lane / 16u);
  let column = 4u * (lane % 16u);
  var sums: array<vec4<f32>, 4u * BLOCKS>;
  var value_sums: array<vec4<f32>, 4u * VALUE_BLOCKS>;

  if (FOR_QUERIES) {
    let end = end_of_keys(own0);
    for (var key0 = 0u; key0 < end; key0 += T) {
      let made = tiles_of(batch, own_head, own0, key0, lane);
      put(made.slopes, lane);
      for (var block = 0u; block < BLOCKS; block++) {
        fill_rows(KEY, batch, own_head, key0, block * BLOCK, lane);
        workgroupBarrier();
        for (var k = 0u; k < T; k++) {
          for (var i = 0u; i < 4u; i++) {
            sums[4u * block + i] += step(row, column, k, i);
          }
        }
        workgroupBarrier();
      }
    }
  } else {
    var first = 0u;
    if (p.causal == 1u) {
      first = (u32(max(i32(own0) - p.first_query, 0)) / T) * T;
    }
    for (var member = 0u; member < p.group; member++) {
      let head = own_head * p.group + member;
      for (var query0 = first; query0 < p.queries; query0 += T) {
        let made = tiles_of(batch, head, query0, own0, lane);
        put(made.weights, lane);
        for (var block = 0u; block < VALUE_BLOCKS; block++) {
          fill_rows(GRAD, batch, head, query0, block * BLOCK, lane);
          workgroupBarrier();
          for (var k = 0u; k < T; k++) {
            for (var i = 0u; i < 4u; i++) {
              value_sums[4u * block + i] += step(row, column, k, i);
            }
          }
          workgroupBarrier();
        }
        put(made.slopes, lane);
        for (var block = 0u; block < BLOCKS; block++) {
          fill_rows(QUERY, batch, head, query0, block * BLOCK, lane);
          workgroupBarrier();
          for (var k = 0u; k < T; k++) {
            for (var i = 0u; i < 4u; i++) {
              sums[4u * block + i] += step(row, column, k, i);
            }
          }
          workgroupBarrier();
        }
      }
    }
  }

  for (var i = 0u; i < 4u; i++) {
    if (own0 + row + i < select(p.keys, p.queries, FOR_QUERIES)) {
      for (var block = 0u; block < BLOCKS; block++) {
        for (var c = 0u; c < 4u; c++) {
          store_sum(batch, own_head, own0 + row + i, block * BLOCK + column + c, sums[4u * block + i][c]);
        }
      }
      for (var block = 0u; block < VALUE_BLOCKS; block++) {
        for (var c = 0u; c < 4u; c++) {
          store_value_sum(batch, own_head, own0 + row + i, block * BLOCK + column + c, value_sums[4u * block + i][c]);
        }
      }
    }
  }
}
