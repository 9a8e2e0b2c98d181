// What convolutions add to products (matmul-tiled.wgsl), whose patches are read from the images as they are needed: groups of channels are the batch, and p.window has
// the kernel, its stride, dilation and padding, the sizes of images and of results, each in three dimensions, with their products as fourth; then channels of a group
// of both, groups, and images. Places outside an image are 0.

fn kernel() -> vec4<u32> {
  return p.window[0];
}

fn image() -> vec4<u32> {
  return p.window[4];
}

fn result() -> vec4<u32> {
  return p.window[5];
}

fn place_in(index: u32, sizes: vec4<u32>) -> vec3<u32> {
  let line = index / sizes.z;
  return vec3<u32>(line / sizes.y, line % sizes.y, index % sizes.z);
}

fn index_in(at: vec3<u32>, sizes: vec4<u32>) -> u32 {
  return (at.x * sizes.y + at.y) * sizes.z + at.z;
}

// Where element `element` of the window of result `at` lies in its plane of the image, or 0xffffffff outside. Places before the first wrap to large ones.
fn in_image(at: u32, element: u32) -> u32 {
  let place = place_in(at, result()) * p.window[1].xyz + place_in(element, kernel()) * p.window[2].xyz - p.window[3].xyz;
  return select(0xffffffffu, index_in(place, image()), all(place < image().xyz));
}

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
