// Windows over images of up to three dimensions: p.window has the kernel, its stride, dilation and padding, the sizes of images and of results, with their products
// as fourth.

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
