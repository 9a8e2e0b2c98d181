// For normalize-sums.wgsl: mean and biased variance, by Welford's sums of squared distances from the running mean, so that nothing is lost where the mean is large.

struct Moments {
  count: f32, // of each lane
  mean: V,
  squares: V,
}

struct Running {
  count: f32,
  mean: f32,
  squares: f32,
}

fn join(a: Running, b: Running) -> Running {
  let count = a.count + b.count;
  if (b.count == 0.0) {
    return a;
  }
  let apart = b.mean - a.mean;
  let share = b.count / count;
  return Running(count, a.mean + apart * share, a.squares + b.squares + apart * apart * a.count * share);
}

fn of_lanes(moments: Moments) -> Running {
  var sum = Running(moments.count, lane_of(moments.mean, 0u), lane_of(moments.squares, 0u));
  for (var lane = 1u; lane < LANES; lane++) {
    sum = join(sum, Running(moments.count, lane_of(moments.mean, lane), lane_of(moments.squares, lane)));
  }
  return sum;
}
