// out[plane, k, o] = x[plane, o * stride + k * dilation - padding], or a given value outside the image. One thread for each element of out.

@compute @workgroup_size(GROUP_SIZE)
fn main(grid: Grid) {
  let n = thread_index(grid);
  if (n >= p.stride.w) {
    return;
  }
  let windows = product(p.count);
  let row = n / windows;
  let elements = product(p.kernel);
  let place = split(n % windows, p.count) * p.stride.xyz + split(row % elements, p.kernel) * p.dilation.xyz - p.padding.xyz;
  // What lies before the image has wrapped around, far beyond its end.
  if (all(place < p.size.xyz)) {
    let plane = row / elements;
    store_out(p.kernel.w + n, load_x(p.size.w + plane * product(p.size) + (place.x * p.size.y + place.y) * p.size.z + place.z));
  } else {
    store_out(p.kernel.w + n, from_bits(p.dilation.w));
  }
}
