// One pass of a sum over the middle of [outer, size, inner]: thread (o, c, i) adds the elements c, c + parts, c + 2 parts, ... of its column
// and writes [outer, parts, inner]; passes follow until parts is 1 (see reduce.ts). At most 256 elements a thread, in four running
// sums, keep the rounding error of a pass below 66 units; neighbouring threads read neighbouring elements where inner is 1.

struct Params {
  n: u32, // outer * parts * inner
  size: u32,
  parts: u32,
  inner: u32,
  x_offset: u32,
  out_offset: u32,
}

@compute @workgroup_size(GROUP_SIZE)
fn main(grid: Grid) {
  let n = thread_index(grid);
  if (n >= p.n) {
    return;
  }
  let i = n % p.inner;
  let row = n / p.inner;
  let part = row % p.parts;
  let start = p.x_offset + (row / p.parts) * p.size * p.inner + i;
  var s = part;
  var sums = vec4<O>();
  for (; s + 3u * p.parts < p.size; s += 4u * p.parts) {
    sums += vec4<O>(
      O(load_x(start + s * p.inner)),
      O(load_x(start + (s + p.parts) * p.inner)),
      O(load_x(start + (s + 2u * p.parts) * p.inner)),
      O(load_x(start + (s + 3u * p.parts) * p.inner)),
    );
  }
  var sum = (sums.x + sums.y) + (sums.z + sums.w);
  for (; s < p.size; s += p.parts) {
    sum += O(load_x(start + s * p.inner));
  }
  store_out(p.out_offset + n, sum);
}
