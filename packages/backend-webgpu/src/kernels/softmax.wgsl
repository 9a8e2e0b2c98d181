// Softmax, or its logarithm, over the middle of [outer, size, inner]: a team of threads has a column. Up to READS reads of each thread are kept in registers, so that
// memory is read once; longer columns (READS is 0) are read three times, mostly from caches. Columns up to 65,536, longer ones are put together in softmax.ts.

struct Params {
  columns: u32, // outer * inner; all sizes and offsets are in what is read at a time
  size: u32,
  inner: u32,
  team: u32,
  along: u32,
  reads: u32, // of a thread, where none are kept
  x_offset: u32,
  out_offset: u32,
}

@compute @workgroup_size(GROUP_SIZE)
fn main(grid: Grid) {
  let own = seat(grid.lane);
  let n = group_index(grid) * (GROUP_SIZE / p.team) + own.y;
  let size = select(0u, p.size, n < p.columns);
  let start = (n / p.inner) * p.size * p.inner + n % p.inner;
  let x = p.x_offset + start;
  var kept: array<V, max(READS, 1u)>;

  var top = V(-infinity());
  for (var k = 0u; k < select(p.reads, READS, READS > 0u); k++) {
    let s = own.x + k * p.team;
    if (s < size) {
      let value = load_x(x + s * p.inner);
      if (READS > 0u) {
        kept[k] = value;
      }
      top = max_v(top, value);
    }
  }
  top = of_team(grid.lane, own, top, true);

  var sum = V();
  for (var k = 0u; k < select(p.reads, READS, READS > 0u); k++) {
    let s = own.x + k * p.team;
    if (s < size) {
      var value: V;
      if (READS > 0u) {
        value = kept[k] - top;
      } else {
        value = load_x(x + s * p.inner) - top;
      }
      let power = exp_v(value);
      sum += power;
      if (READS > 0u) {
        kept[k] = choose_v(value, power);
      }
    }
  }
  sum = of_team(grid.lane, own, sum, false);
  let log_sum = log_v(sum);

  for (var k = 0u; k < select(p.reads, READS, READS > 0u); k++) {
    let s = own.x + k * p.team;
    if (s < size) {
      var value: V;
      if (READS > 0u) {
        value = kept[k];
      } else {
        let shifted = load_x(x + s * p.inner) - top;
        value = choose_v(shifted, exp_v(shifted));
      }
      let at = p.out_offset + start + s * p.inner;
      if (LOG) {
        store_out(at, value - log_sum);
      } else {
        store_out(at, value / sum);
      }
    }
  }
}

fn choose_v(shifted: V, power: V) -> V {
  if (LOG) {
    return shifted;
  }
  return power;
}
