// The gradient of softmax from its output y: y (grad - sum(grad y)); of its logarithm: grad - e^y sum(grad). Teams, columns and what is kept as in softmax.wgsl.

struct Params {
  columns: u32, // outer * inner; all sizes and offsets are in what is read at a time
  size: u32,
  inner: u32,
  team: u32,
  along: u32,
  reads: u32, // of a thread, where none are kept
  y_offset: u32,
  grad_offset: u32,
  out_offset: u32,
}

@compute @workgroup_size(GROUP_SIZE)
fn main(grid: Grid) {
  let own = seat(grid.lane);
  let n = group_index(grid) * (GROUP_SIZE / p.team) + own.y;
  let size = select(0u, p.size, n < p.columns);
  let start = (n / p.inner) * p.size * p.inner + n % p.inner;
  var kept_y: array<V, max(READS, 1u)>;
  var kept_grad: array<V, max(READS, 1u)>;

  var sum = V();
  for (var k = 0u; k < select(p.reads, READS, READS > 0u); k++) {
    let s = own.x + k * p.team;
    if (s < size) {
      let at = start + s * p.inner;
      let g = load_grad(p.grad_offset + at);
      var y: V;
      if (READS > 0u || !LOG) {
        y = load_y(p.y_offset + at);
      }
      if (READS > 0u) {
        kept_y[k] = y;
        kept_grad[k] = g;
      }
      if (LOG) {
        sum += g;
      } else {
        sum += g * y;
      }
    }
  }
  sum = of_team(grid.lane, own, sum, false);

  for (var k = 0u; k < select(p.reads, READS, READS > 0u); k++) {
    let s = own.x + k * p.team;
    if (s < size) {
      let at = start + s * p.inner;
      var g: V;
      var y: V;
      if (READS > 0u) {
        g = kept_grad[k];
        y = kept_y[k];
      } else {
        g = load_grad(p.grad_offset + at);
        y = load_y(p.y_offset + at);
      }
      if (LOG) {
        store_out(p.out_offset + at, g - exp_v(y) * sum);
      } else {
        store_out(p.out_offset + at, y * (g - sum));
      }
    }
  }
}
