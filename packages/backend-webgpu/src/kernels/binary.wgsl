// out[i] = op(a[...], b[...]) for strided operands; out is contiguous. `op` and the loads (a number stands for a constant) are written by binary.ts.

struct Params {
  dims: array<vec4<u32>, RANK>,
  start: vec4<u32>, // offsets of a, b and out
  n: u32,
  number: u32, // the constant's bits
}

@compute @workgroup_size(GROUP_SIZE)
fn main(grid: Grid) {
  let i = thread_index(grid);
  if (i >= p.n) {
    return;
  }
  let at = place(i);
  store_out(p.start.z + i, op(load_a(at.x), load_b(at.y)));
}
