// out[plane, i] is the sum of x[plane, k, o] over all o and k with i = o * stride + k * dilation - padding, in the order of o. One thread for each
// element of out gathers what belongs to it: no two meet, and the sum is the same on every run.

// The first window that reaches as far as a place, counted with the padding.
fn first_window(at: vec3<u32>) -> vec3<u32> {
  let reach = (p.kernel.xyz - 1u) * p.dilation.xyz;
  return select((at - reach + p.stride.xyz - 1u) / p.stride.xyz, vec3<u32>(), at <= reach);
}

@compute @workgroup_size(GROUP_SIZE)
fn main(grid: Grid) {
  let n = thread_index(grid);
  if (n >= p.stride.w) {
    return;
  }
  let image = product(p.size);
  let windows = product(p.count);
  let plane = n / image;
  let at = split(n % image, p.size) + p.padding.xyz;
  let first = first_window(at);
  // One behind the last that does not begin behind the place.
  let end = min(at / p.stride.xyz + 1u, p.count.xyz);
  let start = p.size.w + plane * product(p.kernel) * windows;
  var sum = 0.0;
  for (var d = first.x; d < end.x; d++) {
    for (var h = first.y; h < end.y; h++) {
      for (var w = first.z; w < end.z; w++) {
        let window = vec3<u32>(d, h, w);
        let inside = at - window * p.stride.xyz;
        let k = inside / p.dilation.xyz;
        if (all(k * p.dilation.xyz == inside)) {
          let element = (k.x * p.kernel.y + k.y) * p.kernel.z + k.z;
          sum += load_x(start + element * windows + (d * p.count.y + h) * p.count.z + w);
        }
      }
    }
  }
  store_out(p.kernel.w + n, sum);
}
