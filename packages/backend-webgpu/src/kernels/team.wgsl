// A group's threads in teams: p.team threads share a column of [outer, size, inner]. Where the elements of a column lie side by side (p.along is 1) neighbouring
// threads are in one team, else they have neighbouring columns: either way they read neighbouring places.

// (place in the team, column of the group)
fn seat(lane: u32) -> vec2<u32> {
  if (p.along == 1u) {
    return vec2<u32>(lane % p.team, lane / p.team);
  }
  let columns = GROUP_SIZE / p.team;
  return vec2<u32>(lane / columns, lane % columns);
}

// How far apart, in lanes, the members of a team sit.
fn neighbour() -> u32 {
  return select(GROUP_SIZE / p.team, 1u, p.along == 1u);
}
