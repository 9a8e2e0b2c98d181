// Windows over images of up to three dimensions; those that are not there have one place and one window. Element k of window o lies at o * stride + k * dilation -
// padding. p.window has the kernel, its stride, dilation and padding, the sizes of images and of results, which have a place for each window; sizes come with
// their product as fourth.

fn kernel() -> vec4<u32> {
  return p.window[0];
}

fn stride() -> vec3<u32> {
  return p.window[1].xyz;
}

fn dilation() -> vec3<u32> {
  return p.window[2].xyz;
}

fn padding() -> vec3<u32> {
  return p.window[3].xyz;
}

fn image() -> vec4<u32> {
  return p.window[4];
}

fn result() -> vec4<u32> {
  return p.window[5];
}

// A row-major index as three.
fn place_in(index: u32, sizes: vec4<u32>) -> vec3<u32> {
  let row = index / sizes.z;
  return vec3<u32>(row / sizes.y, row % sizes.y, index % sizes.z);
}

fn index_in(at: vec3<u32>, sizes: vec4<u32>) -> u32 {
  return (at.x * sizes.y + at.y) * sizes.z + at.z;
}

const OUTSIDE = 0xffffffffu;

// Where an element of a window lies in its plane of the image, or OUTSIDE. Places before the first wrap around, far beyond the last.
fn in_image(window: u32, element: u32) -> u32 {
  let place = place_in(window, result()) * stride() + place_in(element, kernel()) * dilation() - padding();
  return select(OUTSIDE, index_in(place, image()), all(place < image().xyz));
}

// The windows that may have a place, counted with the padding: the first one that reaches so far, and the one behind the last that does not begin behind it.
fn first_window(at: vec3<u32>) -> vec3<u32> {
  let reach = (kernel().xyz - 1u) * dilation();
  return select((at - reach + stride() - 1u) / stride(), vec3<u32>(), at <= reach);
}

fn end_of_windows(at: vec3<u32>) -> vec3<u32> {
  return min(at / stride() + 1u, result().xyz);
}

// Which element of a window that is, or OUTSIDE for none.
fn element_of(window: vec3<u32>, at: vec3<u32>) -> u32 {
  let inside = at - window * stride();
  let k = inside / dilation();
  return select(OUTSIDE, index_in(k, kernel()), all(k * dilation() == inside));
}
