// Stores four neighbours of a row at once, where rows are whole vectors.
fn store_row(matrix: u32, row: u32, column: u32, values: vec4<f32>) {
  if (row >= p.m || column >= p.n) {
    return;
  }
  let place = (p.out_offset + (matrix * p.m + row) * p.n + column) / 4u;
  if (ACCUMULATE) {
    store_out(place, load_out(place) + values);
  } else {
    store_out(place, values);
  }
}
