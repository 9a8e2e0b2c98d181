// What reduce.wgsl needs for a sum. A running sum takes at most 64 elements, which keeps the rounding error of a pass below some 75 units.

alias Running = O;

fn nothing() -> Running {
  return O(0);
}

fn take(sum: Running, value: T, place: u32) -> Running {
  return sum + O(value);
}

fn join(a: Running, b: Running) -> Running {
  return a + b;
}

fn result(sum: Running) -> O {
  return sum;
}
