// Stores four elements of a row: of a channel, at places of images that lie one behind the other as columns; `plane_size()` is how many an image has.
fn store_row(matrix: u32, row: u32, column: u32, values: vec4<f32>) {
  let groups = p.window[6].z;
  let chunk = (matrix / groups) * p.n * groups * p.m;
  for (var c = 0u; c < 4u; c++) {
    let at = column + c;
    if (row < p.m && at < p.n) {
      let size = plane_size();
      store_out(p.out_offset + chunk + plane(at / size, matrix % groups, row, p.m) * size + at % size, values[c]);
    }
  }
}
