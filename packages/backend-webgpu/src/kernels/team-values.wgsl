// What a team of threads (team.wgsl) has in common: the greatest and the sum of its values, the same bits whatever thread asks. V is what a thread reads at a time,
// a vector or an element; along a column a vector's lanes are of the column, too.

var<workgroup> team_values: array<V, GROUP_SIZE>;

fn max_v(a: V, b: V) -> V {
  var y: V;
  for (var lane = 0u; lane < LANES; lane++) {
    set_lane(&y, lane, max_f32(lane_of(a, lane), lane_of(b, lane)));
  }
  return y;
}

fn exp_v(x: V) -> V {
  var y: V;
  for (var lane = 0u; lane < LANES; lane++) {
    set_lane(&y, lane, exp_(lane_of(x, lane)));
  }
  return y;
}

fn log_v(x: V) -> V {
  var y: V;
  for (var lane = 0u; lane < LANES; lane++) {
    set_lane(&y, lane, log_(lane_of(x, lane)));
  }
  return y;
}

fn joined(a: V, b: V, is_max: bool) -> V {
  if (is_max) {
    return max_v(a, b);
  }
  return a + b;
}

// Of all threads of the team, in a fixed tree. Every thread of the group has to come.
fn of_team(lane: u32, own: vec2<u32>, value: V, is_max: bool) -> V {
  let step = neighbour();
  team_values[lane] = value;
  for (var half = p.team / 2u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (own.x < half) {
      team_values[lane] = joined(team_values[lane], team_values[lane + half * step], is_max);
    }
  }
  workgroupBarrier();
  let all = team_values[lane - own.x * step];
  workgroupBarrier();
  if (LANES == 1u || p.along == 0u) {
    return all;
  }
  // Of the four lanes, in all of them.
  let halves = joined(all, turned(all, 2u), is_max);
  return joined(halves, turned(halves, 1u), is_max);
}
