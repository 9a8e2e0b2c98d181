// out[plane, k, o] is element k of window o of plane, or a given value outside the image. One thread for each element of out. Windows as in window.wgsl.

struct Params {
  window: array<vec4<u32>, 6>,
  n: u32,
  x_offset: u32,
  out_offset: u32,
  pad_value: u32, // its bits
}

@compute @workgroup_size(GROUP_SIZE)
fn main(grid: Grid) {
  let n = thread_index(grid);
  if (n >= p.n) {
    return;
  }
  let row = n / result().w;
  let at = in_image(n % result().w, row % kernel().w);
  if (at != OUTSIDE) {
    store_out(p.out_offset + n, load_x(p.x_offset + (row / kernel().w) * image().w + at));
  } else {
    store_out(p.out_offset + n, from_bits(p.pad_value));
  }
}
