// Windows over three dimensions; those that are not there have one place and one window. Element k of window o lies at o * stride + k * dilation -
// padding. See unfold.wgsl and fold.wgsl, which run through the same columns, [plane, k, o], in opposite directions.

struct Params {
  size: vec4<u32>, // of an image; the last is offset of x
  kernel: vec4<u32>, // the last is the offset of out
  stride: vec4<u32>, // the last is the number of threads
  dilation: vec4<u32>, // the last are the bits of what is read outside
  padding: vec4<u32>,
  count: vec4<u32>, // windows
}

// A row-major index of three dimensions as three.
fn split(index: u32, sizes: vec4<u32>) -> vec3<u32> {
  let row = index / sizes.z;
  return vec3<u32>(row / sizes.y, row % sizes.y, index % sizes.z);
}

fn product(sizes: vec4<u32>) -> u32 {
  return sizes.x * sizes.y * sizes.z;
}
