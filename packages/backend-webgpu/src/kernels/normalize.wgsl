// Normalisation of [outer, groups, inner] from the statistics of its groups, [2, groups], means and variances: forward out = (x - mean) / sqrt(variance + eps)
// * weight + bias, backward (BACKWARD) the gradient of x from the sums of normalize-products.wgsl, [2, groups], and the products whose sums over the groups are the
// weight's gradient where it has an element for each place. A thread takes `each` vectors or elements, a group apart. V and lane access as in team-values.wgsl.

struct Params {
  count: u32, // vectors or elements; inner and the offsets are in these too, but for those of the weight and bias of a group, of stats and of sums
  each: u32,
  inner: u32,
  groups: u32,
  x_offset: u32,
  grad_offset: u32,
  weight_offset: u32,
  bias_offset: u32,
  stats_offset: u32,
  out_offset: u32,
  members: f32, // elements of a group
  eps: f32,
}

@compute @workgroup_size(GROUP_SIZE)
fn main(grid: Grid) {
  let first = group_index(grid) * GROUP_SIZE * p.each + grid.lane;
  for (var k = 0u; k < p.each; k++) {
    let i = first + k * GROUP_SIZE;
    if (i >= p.count) {
      return;
    }
    let group = (i / p.inner) % p.groups;
    let place = i % p.inner;
    let deviation = sqrt(load_stats(p.stats_offset + p.groups + group) + p.eps);
    put(i, group, place, (load_x(p.x_offset + i) - load_stats(p.stats_offset + group)) / deviation, deviation);
  }
}
