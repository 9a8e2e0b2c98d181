// What reduce.wgsl needs for amax, amin and argmax. Values are compared by a key that orders as they do, so NaN wins, and the first of equals is found in whatever
// order they are read.

struct Running {
  key: u32, // 0 for nothing, whose place lets a value with the same key win
  place: u32,
  value: T,
}

fn nothing() -> Running {
  return Running(0u, 0xffffffffu, T());
}

fn take(best: Running, value: T, place: u32) -> Running {
  return join(best, Running(key(value), place, value));
}

fn join(a: Running, b: Running) -> Running {
  if (b.key > a.key || (b.key == a.key && b.place < a.place)) {
    return b;
  }
  return a;
}
