/**
 * The plainest autograd there is, to hold the real one against: an object for each element of each tensor, with all it was computed from.
 * It has no memory to manage and edits nothing in place, so what is tested cannot go wrong here.
 */

/** An operation of a program, and whether its graph node still holds what its gradient takes. */
export interface Step {
  /** 0: it does; 1: it may have been released; 2: it was. */
  released: number;
  /** How many `tidy` are open around it. */
  readonly depth: number;
  /** True for a backward pass that was recorded: many nodes, released one by one. */
  readonly isPass: boolean;
}

/** A number and how it was computed. */
export interface Scalar {
  readonly id: number;
  readonly value: number;
  /** What it was computed from, each with its derivative. */
  readonly from: readonly (readonly [Scalar, () => Scalar])[];
  /** True for an element of a leaf that requires a gradient, and for what was computed from one. */
  readonly isTracked: boolean;
  /** The operation whose result it is part of. */
  step?: Step;
}

export const constant = (value: number) => scalar(value, []);
export const leaf = (value: number) => scalar(value, [], true);
/** Another value at the same place of the graph: what was edited where autograd does not look. */
export const valued = (value: number, x: Scalar) => scalar(value, [[x, () => ONE]]);
export const scale = (x: Scalar, factor: number) => scalar(x.value * factor, [[x, () => constant(factor)]]);

export const add = (x: Scalar, y: Scalar) =>
  scalar(x.value + y.value, [
    [x, () => ONE],
    [y, () => ONE],
  ]);

export const mul = (x: Scalar, y: Scalar) =>
  scalar(x.value * y.value, [
    [x, () => y],
    [y, () => x],
  ]);

export const sum = (values: readonly Scalar[]) => values.reduce(add, constant(0));

export function tanh(x: Scalar): Scalar {
  const y: Scalar = scalar(Math.tanh(x.value), [[x, () => add(ONE, scale(mul(y, y), -1))]]);
  return y;
}

export function softmax(values: readonly Scalar[]): Scalar[] {
  const largest = Math.max(...values.map((x) => x.value));
  const parts = values.map((x) => Math.exp(x.value - largest));
  const total = parts.reduce((a, b) => a + b);
  const results: Scalar[] = parts.map((part, i) => {
    // y_i (1 - y_i) by x_i, and -y_i y_j by any other x_j.
    const rest = (j: number) => scale(results[j] as Scalar, -1);
    const derivative = (j: number) => () => mul(results[i] as Scalar, i === j ? add(ONE, rest(j)) : rest(j));
    return scalar(
      part / total,
      values.map((x, j) => [x, derivative(j)] as const),
    );
  });
  return results;
}

/** The scalars themselves and all tracked ones they were computed from, the latest first. */
export function behind(scalars: Iterable<Scalar>): Scalar[] {
  const seen = new Set(scalars);
  // A set's loop also comes to what is added meanwhile.
  for (const { from } of seen) for (const [x] of from) if (x.isTracked) seen.add(x);
  return [...seen].sort((a, b) => b.id - a.id);
}

/** The gradients by all that is behind `roots`, which have those of `seeds`; scalars again, so that they have gradients, too. */
export function gradients(roots: readonly Scalar[], seeds: readonly Scalar[]): Map<Scalar, Scalar> {
  const found = new Map<Scalar, Scalar>();
  const deliver = (to: Scalar, gradient: Scalar) => {
    const before = found.get(to);
    found.set(to, before === undefined ? gradient : add(before, gradient));
  };
  roots.forEach((root, i) => {
    deliver(root, seeds[i] as Scalar);
  });
  for (const x of behind(roots)) {
    for (const [y, derivative] of x.from) if (y.isTracked) deliver(y, mul(found.get(x) as Scalar, derivative()));
  }
  return found;
}

// --- internal helpers ---

let next = 0;

function scalar(value: number, from: Scalar["from"], isLeaf = false): Scalar {
  return { id: next++, value, from, isTracked: isLeaf || from.some(([x]) => x.isTracked) };
}

const ONE = constant(1);
