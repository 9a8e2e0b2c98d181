// Packed: a thread decides neighbours, WIDTH of them, by a block or by two. Flat is the same with a turn for each block.

const BLOCKS = max(1u, WIDTH / 4u); // of a thread in a turn

fn draw(i: u32) -> vec4<u32> {
  let at = p.first + i;
  if (IS_FLAT) {
    return test_words(block_of(at, 0u));
  }
  let turn = turn_of(at / BLOCKS);
  return test_words(block_of(turn.x * BLOCKS + at % BLOCKS, turn.y));
}

fn test_words(words: vec4<u32>) -> vec4<u32> {
  return (words << vec4<u32>(p.word_shift)) - p.low;
}

// What is compared with the threshold for mask elements 4 * block and on.
fn words(block: u32) -> vec4<u32> {
  if (WIDTH >= 4u) {
    return draw(block);
  }
  if (WIDTH == 2u) {
    return vec4<u32>(draw(2u * block).xy, draw(2u * block + 1u).xy);
  }
  let at = 4u * block;
  return vec4<u32>(draw(at).x, draw(at + 1u).x, draw(at + 2u).x, draw(at + 3u).x);
}

fn word_of(m: u32) -> u32 {
  const OF_BLOCK = min(WIDTH, 4u);
  return draw(m / OF_BLOCK)[m % OF_BLOCK];
}
