// out[i] = condition[...] ? a[...] : b[...] for strided operands; out is contiguous.

struct Params {
  dims: array<vec4<u32>, RANK>,
  start: vec4<u32>, // offsets of condition, a and b
  n: u32,
  out_offset: u32,
  number_a: u32,
  number_b: u32,
}

@compute @workgroup_size(GROUP_SIZE)
fn main(grid: Grid) {
  let i = thread_index(grid);
  if (i >= p.n) {
    return;
  }
  let at = place(i);
  if (load_condition(at.x) != 0u) {
    store_out(p.out_offset + i, load_a(at.y));
  } else {
    store_out(p.out_offset + i, load_b(at.z));
  }
}
