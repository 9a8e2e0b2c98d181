// Stores four neighbours of a row at once, where rows are whole vectors.
fn store_row(to: u32, row: u32, column: u32, values: vec4<f32>) {
  if (row >= p.m || column >= p.n) {
    return;
  }
  let place = (to + row * p.n + column) / 4u;
  if (ACCUMULATE) {
    store_out(place, load_out(place) + values);
  } else {
    store_out(place, values);
  }
}
