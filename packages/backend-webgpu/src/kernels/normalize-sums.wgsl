// What a normalisation adds up over the elements of each group of [outer, groups, inner]: a team of threads has a group, or a part of one, and puts its results
// together in a fixed tree. Parts leave what they have in scratch memory, and the next pass adds them. `Taken` and `take` are what a thread gathers, `whole` makes a
// `Running` of it, and `join` and `finish` put these together and away.

struct Params {
  columns: u32, // groups * parts
  size: u32, // of a group, in what is read at a time, as chunk and inner are; of passes that read parts, how many there are
  chunk: u32,
  parts: u32,
  team: u32,
  along: u32,
  inner: u32,
  groups: u32,
  x_offset: u32, // in what is read at a time, as grad's and the weight's
  grad_offset: u32,
  weight_offset: u32,
  stats_offset: u32,
  out_offset: u32,
  eps: f32,
}

var<workgroup> team_results: array<Running, GROUP_SIZE>;

@compute @workgroup_size(GROUP_SIZE)
fn main(grid: Grid) {
  let own = seat(grid.lane);
  let n = group_index(grid) * (GROUP_SIZE / p.team) + own.y;
  let group = n / p.parts;
  let first = (n % p.parts) * p.chunk;
  let last = select(0u, min(first + p.chunk, p.size), n < p.columns);
  var taken = Taken();
  for (var s = first + own.x; s < last; s += p.team) {
    taken = take(taken, group, s);
  }
  team_results[grid.lane] = whole(taken);
  for (var half = p.team / 2u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (own.x < half) {
      team_results[grid.lane] = join(team_results[grid.lane], team_results[grid.lane + half]);
    }
  }
  if (own.x == 0u && n < p.columns) {
    finish(n, team_results[grid.lane]);
  }
}
