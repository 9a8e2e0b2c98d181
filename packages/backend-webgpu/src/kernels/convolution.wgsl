// What convolutions add to products (matmul-tiled.wgsl), whose patches are read from the images as they are needed: groups of channels are the batch. Behind what
// window.wgsl says of it p.window has channels of a group of images and results, groups, and images. Places outside an image are 0.

// The result of whose window image place `at` is element `element`, or 0xffffffff where there is none.
fn in_result(at: u32, element: u32) -> u32 {
  let from_first = place_in(at, image()) + p.window[3].xyz - place_in(element, kernel()) * p.window[2].xyz;
  let place = from_first / p.window[1].xyz;
  let is_there = all(from_first < vec3<u32>(0x80000000u)) && all(place * p.window[1].xyz == from_first) && all(place < result().xyz);
  return select(0xffffffffu, index_in(place, result()), is_there);
}

// A channel's plane of an image, among those of the images' channels, or of the results'.
fn plane(n: u32, group: u32, channel: u32, channels: u32) -> u32 {
  return (n * p.window[6].z + group) * channels + channel;
}
