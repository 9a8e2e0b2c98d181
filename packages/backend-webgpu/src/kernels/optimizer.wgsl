// One step of an optimizer on several parameters at once: each has whole groups of threads, a vector or an element for each. What does not
// change from element to element is computed on the host, in double. With WIDTH, PIECES, Value, Inside, the struct Piece and the functions that read and write
// buffers by the number of a piece.

struct Params {
  pieces: array<Piece, PIECES>,
}

@compute @workgroup_size(GROUP_SIZE)
fn main(grid: Grid) {
  let group = group_index(grid);
  var number = PIECES - 1u;
  while (number > 0u && group < p.pieces[number].first_group) {
    number--;
  }
  let piece = p.pieces[number];
  let i = (group - piece.first_group) * GROUP_SIZE + grid.lane;
  if (i * WIDTH < piece.n) {
    step(number, piece, i, inside(i, piece.n));
  }
}
