// One pass of a reduction over the middle of [outer, size, inner], cut in `parts`: a team of threads goes through a part of a column, each thread with four
// running results, and puts them together in a fixed tree; it writes [outer, parts, inner], and passes follow until there is one part. `Running`, `nothing`,
// `take`, `join` and `result` say what is reduced; `Value` and LANES how x is read: vectors along the column, vectors of four columns, or elements.

struct Params {
  columns: u32, // outer * parts * inner
  size: u32, // all sizes and offsets but out's are in what is read at a time
  chunk: u32, // of a part
  parts: u32,
  inner: u32,
  x_offset: u32,
  out_offset: u32,
  full_size: u32, // of x in passes that read positions
  team: u32,
  along: u32,
}

var<workgroup> team_results: array<Running, GROUP_SIZE * LANES>;

@compute @workgroup_size(GROUP_SIZE)
fn main(grid: Grid) {
  let own = seat(grid.lane);
  let n = group_index(grid) * (GROUP_SIZE / p.team) + own.y;
  let i = n % p.inner;
  let row = n / p.inner;
  let o = row / p.parts;
  let first = (row % p.parts) * p.chunk;
  let last = select(0u, min(first + p.chunk, p.size), n < p.columns);

  var running = array<Running, 4>(nothing(), nothing(), nothing(), nothing());
  if (LANES > 1u) {
    for (var s = first + own.x; s < last; s += p.team) {
      let value = value_at(o, s, i);
      for (var lane = 0u; lane < 4u; lane++) {
        running[lane] = take(running[lane], lane_of(value, lane), select(s, 4u * s + lane, p.along == 1u));
      }
    }
  } else {
    for (var s = first + own.x; s < last; s += 4u * p.team) {
      for (var turn = 0u; turn < 4u; turn++) {
        let at = s + turn * p.team;
        if (at < last) {
          running[turn] = take(running[turn], lane_of(value_at(o, at, i), 0u), place_at(o, at, i));
        }
      }
    }
  }

  let results = select(LANES, 1u, p.along == 1u);
  if (results == 1u) {
    team_results[grid.lane] = join(join(running[0], running[1]), join(running[2], running[3]));
  } else {
    for (var r = 0u; r < results; r++) {
      team_results[r * GROUP_SIZE + grid.lane] = running[r];
    }
  }
  for (var half = p.team / 2u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (own.x < half) {
      for (var r = 0u; r < results; r++) {
        let at = r * GROUP_SIZE + grid.lane;
        team_results[at] = join(team_results[at], team_results[at + half * neighbour()]);
      }
    }
  }
  if (own.x == 0u && n < p.columns) {
    for (var r = 0u; r < results; r++) {
      store_out(p.out_offset + results * n + r, result(team_results[r * GROUP_SIZE + grid.lane]));
    }
  }
}
