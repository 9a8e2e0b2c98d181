// Stores four elements of a row, APART from one another, where the matrix has them.
fn store_row(matrix: u32, row: u32, column: u32, values: vec4<f32>) {
  if (row >= p.m) {
    return;
  }
  for (var c = 0u; c < 4u; c++) {
    let at = column + c * APART;
    if (at < p.n) {
      let place = p.out_offset + (matrix * p.m + row) * p.n + at;
      if (ACCUMULATE) {
        store_out(place, load_out(place) + values[c]);
      } else {
        store_out(place, values[c]);
      }
    }
  }
}
