// Spread: a thread's WIDTH elements lie as far apart as there are threads. Wide: so do they, and each takes two words.

// What is compared with the threshold for a slot of a thread's block.
fn test_slot(words: vec4<u32>, slot: u32) -> u32 {
  if (!IS_WIDE) {
    return (words[slot] << p.word_shift) - p.low;
  }
  let y = words[2u * slot + 1u];
  let high = y >> 11u;
  let low = words[2u * slot] ^ (y << 21u);
  return u32(high > p.limit.y || (high == p.limit.y && low >= p.limit.x));
}

fn word_of(m: u32) -> u32 {
  let row = turn_of(p.first + m);
  let slot = p.slot + row.x;
  return test_slot(block_of(slot / WIDTH, row.y), slot % WIDTH);
}

fn words(block: u32) -> vec4<u32> {
  let m = 4u * block;
  return vec4<u32>(word_of(m), word_of(m + 1u), word_of(m + 2u), word_of(m + 3u));
}
