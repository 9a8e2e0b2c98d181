// What convolutions add to products (matmul-tiled.wgsl), whose patches are read from the images as they are needed: groups of channels are the batch. Behind what
// window.wgsl says of it p.window has channels of a group of images and results, groups, and images. Places outside an image are 0.

// The result whose window has image place `at` as element `element`, or OUTSIDE where there is none.
fn in_result(at: u32, element: u32) -> u32 {
  let begin = place_in(at, image()) + padding() - place_in(element, kernel()) * dilation();
  let window = begin / stride();
  // What begins before the first window has wrapped around.
  let is_there = all(begin < vec3<u32>(0x80000000u)) && all(window * stride() == begin) && all(window < result().xyz);
  return select(OUTSIDE, index_in(window, result()), is_there);
}

// A channel's plane of an image, among those of the images' channels, or of the results'.
fn plane(n: u32, group: u32, channel: u32, channels: u32) -> u32 {
  return (n * p.window[6].z + group) * channels + channel;
}
