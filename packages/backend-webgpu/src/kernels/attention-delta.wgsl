// What the gradients want to know of each query: the largest score and 1 / the sum of the weights, from `rows`, and the product of its output with the gradient, which
// the slope of a softmax takes off. A thread has a query.

@compute @workgroup_size(GROUP_SIZE)
fn main(grid: Grid) {
  let n = thread_index(grid);
  if (n >= p.batches * p.heads * p.queries) {
    return;
  }
  let query = n % p.queries;
  let head = (n / p.queries) % p.heads;
  let batch = n / (p.queries * p.heads);
  let grad = place(p.grad, batch, head, query);
  let out = place(p.out, batch, head, query);
  var sum = 0.0;
  for (var d = 0u; d < p.value_size; d++) {
    sum += load_grad(grad + d) * load_out(out + d);
  }
  store_facts(3u * n, load_rows(p.rows_offset + 2u * n));
  store_facts(3u * n + 1u, load_rows(p.rows_offset + 2u * n + 1u));
  store_facts(3u * n + 2u, sum);
}
