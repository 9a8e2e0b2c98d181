/** Rows by index: PyTorch's answers, the reference's, and what happens to an index that is not there. */
import { functional as F, type Tensor, tensor } from "@dropwise/core";
import { assert, assertClose, assertSame } from "../assert";
import { type Context, each, type Family } from "../case";
import { goldenChecks } from "../golden-layers";
import { integers, uniform } from "../inputs";
import { BITS, COMPOSED } from "../tolerance";

const CASES = [
  { rows: 11, features: 5, index: [7], paddingIdx: null },
  { rows: 3, features: 33, index: [2, 65], paddingIdx: 1 },
  { rows: 1030, features: 17, index: [4, 5, 6], paddingIdx: -1 },
  { rows: 5, features: 1, index: [], paddingIdx: 0 },
  { rows: 5, features: 3, index: [2, 0], paddingIdx: null },
] as const;

/** Embedding and one-hot. */
export const embedding: Family = {
  ...goldenChecks(/^embedding$/, COMPOSED, ([weight], { index, ...options }) => [index, weight, options]),

  ...each(
    CASES,
    ({ rows, features, index, paddingIdx }) =>
      `picks rows of [${rows},${features}] by [${index}], and sums their gradients but that of row ${paddingIdx}`,
    ({ rows, features, index, paddingIdx }, { within }) =>
      within(COMPOSED)(
        (places, weight) => F.embedding(places, weight, { paddingIdx }),
        integers(index, { seed: 3, low: 0, high: rows }),
        uniform([rows, features]),
      ),
  ),

  "gives one row for each class": ({ compare }) =>
    compare(
      (places) => [F.oneHot(places, { numClasses: 9 }), F.oneHot(places.transpose(0, 1), { numClasses: 9 })],
      integers([5, 7], { low: 0, high: 9 }),
    ),

  "refuses an index that is out of range, or gives NaN and no gradient where it cannot look": async (context) => {
    for (const bad of [-1, 3, 2 ** 31 - 1]) await outOfRange(context, bad);
  },
};

// --- internal helpers ---

async function outOfRange({ backend }: Context, bad: number): Promise<void> {
  const weight = tensor([1, 2, 3], { shape: [3, 1], backend, requiresGrad: true });
  const index = tensor(new Int32Array([0, bad, 2]), { backend });
  const what = `${backend.name}, embedding of index ${bad}`;
  let picked: Tensor;
  try {
    picked = F.embedding(index, weight);
  } catch (error) {
    // A device may look, too.
    assertSame((error as Error).name, "RangeError", `${what}, the error`);
    return;
  }
  assert(!backend.info.hostVisible, `${what}: expected RangeError from a backend that can look, got none`);
  assertClose(await picked.data(), [1, Number.NaN, 3], BITS, what);
  picked.sum().backward();
  assert(weight.grad !== null, `${what}: expected a gradient, got none`);
  assertClose(await weight.grad.data(), [1, 0, 1], BITS, `${what}, gradient`);
}
