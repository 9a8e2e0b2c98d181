/** Picking by index, and its opposite, which adds up what was picked twice. */
import { DataLoader, functional as F, type Tensor, TensorDataset, tensor } from "@dropwise/core";
import { assert, assertClose, assertThrows } from "../assert";
import { type Context, each, type Family } from "../case";
import { bools, constant, input, integers, uniform } from "../inputs";
import { BITS, TRANSCENDENTAL } from "../tolerance";

const CASES = [
  { shape: [7], dim: 0, count: 5 },
  { shape: [7], dim: 0, count: 40 },
  { shape: [4, 6], dim: 0, count: 3 },
  { shape: [4, 6], dim: 1, count: 9 },
  { shape: [3, 5, 7], dim: 1, count: 11 },
  { shape: [2, 3, 4, 5], dim: 2, count: 6 },
  { shape: [1, 1], dim: 1, count: 300 },
  { shape: [65, 129], dim: 1, count: 1 },
  { shape: [1031, 257], dim: 1, count: 3 },
  { shape: [300, 517], dim: 0, count: 511 },
  { shape: [3, 4], dim: 1, count: 0 },
] as const;

/** Indices into `size` places, with repeats. */
const indices = (shape: readonly number[], dim: number, count: number) =>
  integers(
    shape.map((size, i) => (i === dim ? count : size)),
    { seed: 5, low: 0, high: shape[dim] as number },
  );

/** Picking and adding by index. */
export const gather: Family = {
  ...each(
    CASES,
    ({ shape, dim, count }) => `picks ${count} along dimension ${dim} of [${shape}], and sums the gradients of what was picked twice`,
    ({ shape, dim, count }, { compare }) => compare((x, index) => F.gather(x, dim, index), uniform([...shape]), indices(shape, dim, count)),
  ),

  "picks from int32 and bool": async ({ compare }) => {
    for (const x of [integers([5, 9]), bools([5, 9])]) await compare((t, index) => F.gather(t, 1, index), x, indices([5, 9], 1, 4));
  },

  "picks from strided tensors by strided indices": ({ compare }) =>
    compare(
      (x, index) => [
        F.gather(x.transpose(0, 1), 0, index.transpose(0, 1)),
        F.gather(x, 1, index.slice(1, 0, 8, 3)),
        F.gather(x, 1, index.slice(0, 2, 3).expand([4, 8])),
      ],
      uniform([4, 6]),
      indices([4, 6], 1, 8),
    ),

  "picks NaN and infinities as they are": ({ compare }) =>
    compare(
      (x, index) => F.gather(x, 0, index),
      constant(input([5], [Number.NaN, Number.POSITIVE_INFINITY, -0, 1, Number.NEGATIVE_INFINITY])),
      integers([30], { low: 0, high: 5 }),
    ),

  "adds many elements to one place": ({ compare }) =>
    compare((x, index) => F.gather(x, 0, index), uniform([3]), input([1000], [1], { dtype: "int32" })),

  "refuses an index that is out of range before it writes, or gives NaN where it cannot look": async (context) => {
    for (const bad of [-1, 4, 2 ** 31 - 1, -(2 ** 31)]) await outOfRange(context, bad);
  },

  "gives cross entropy and its gradient": async ({ within }) => {
    const classes = integers([17], { low: 0, high: 10 });
    await within(TRANSCENDENTAL)(
      (x, target) => [F.crossEntropy(x, target), F.crossEntropy(x, target, { reduction: "none", labelSmoothing: 0.1 })],
      uniform([17, 10], { low: -3, high: 3 }),
      classes,
    );
    await within(TRANSCENDENTAL)(
      (x, target) => F.nllLoss(F.logSoftmax(x, { dim: 1 }), target, { reduction: "sum" }),
      uniform([17, 10], { low: -3, high: 3 }),
      classes,
    );
  },

  "makes batches of a dataset": async ({ backend }) => {
    const x = uniform([10, 3]);
    const y = integers([10]);
    const on = ({ data, shape }: typeof x): Tensor => tensor(data, { shape, backend });
    let row = 0;
    for (const [inputs, targets] of new DataLoader(new TensorDataset(on(x), on(y)), { batchSize: 4 })) {
      const count = Math.min(4, 10 - row);
      // Asked for at once: the loader frees a batch when the next is asked for.
      const reads = Promise.all([inputs.data(), targets.data()]);
      const [gotX, gotY] = await reads;
      assertClose(gotX, x.data.slice(3 * row, 3 * (row + count)), BITS, `${backend.name}, inputs from ${row}`);
      assertClose(gotY, y.data.slice(row, row + count), BITS, `${backend.name}, targets from ${row}`);
      row += count;
    }
    assert(row === 10, `${backend.name}, DataLoader: expected 10 rows, got ${row}`);
  },
};

// --- internal helpers ---

async function outOfRange({ backend }: Context, bad: number): Promise<void> {
  const x = tensor([1, 2, 3, 4], { backend, requiresGrad: true });
  const index = tensor(new Int32Array([0, bad, 3]), { backend });
  let picked: Tensor | undefined;
  try {
    picked = F.gather(x, 0, index);
  } catch (error) {
    await assertThrows(
      "RangeError",
      () => {
        throw error;
      },
      `${backend.name}, gather of index ${bad}`,
    );
  }
  if (picked === undefined) return;
  assert(!backend.info.hostVisible, `${backend.name}, gather of index ${bad}: expected RangeError from a backend that can look, got none`);
  assertClose(await picked.data(), [1, Number.NaN, 4], BITS, `${backend.name}, gather of index ${bad}`);
  picked.sum().backward();
  assertClose((await x.grad?.data()) ?? [], [1, 0, 0, 1], BITS, `${backend.name}, gradient of a gather of index ${bad}`);
}
