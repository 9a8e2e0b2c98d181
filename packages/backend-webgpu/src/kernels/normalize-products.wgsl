// For normalize-sums.wgsl: the sums of the incoming gradient, times the weight where that differs within a group, and of the same times the normalised input.

struct Products {
  grads: V,
  products: V,
}

struct Running {
  grads: f32,
  products: f32,
}

fn join(a: Running, b: Running) -> Running {
  return Running(a.grads + b.grads, a.products + b.products);
}

fn of_lanes(sums: Products) -> Running {
  var sum = Running();
  for (var lane = 0u; lane < LANES; lane++) {
    sum = join(sum, Running(lane_of(sums.grads, lane), lane_of(sums.products, lane)));
  }
  return sum;
}
