/** Normalisations: PyTorch's answers, the reference's, and running values. */
import { functional as F, grad, nn, type Tensor, tensor } from "@dropwise/core";
import layersFile from "../../goldens/layers.json";
import { assertClose, assertThrows } from "../assert";
import { type Context, each, type Family } from "../case";
import { type GoldenLayer, goldenChecks } from "../golden-layers";
import { fromGolden, type GoldenTensor } from "../goldens";
import { input, uniform } from "../inputs";
import { COMPOSED, type Tolerance } from "../tolerance";

/** Two passes over a few hundred elements, and gradients that are differences of means. */
const NORMS: Tolerance = { ...COMPOSED, name: "normalisations", rtol: 5e-5, atol: 1e-5 };

type Running = { readonly runningMean?: GoldenTensor; readonly runningVar?: GoldenTensor };
type GoldenBatchNorm = GoldenLayer & { readonly runningMeanAfter?: GoldenTensor; readonly runningVarAfter?: GoldenTensor };

const moving = (layersFile.cases as unknown as readonly GoldenBatchNorm[]).filter(({ runningMeanAfter }) => runningMeanAfter !== undefined);

/** Sizes that no vector or workgroup divides, of one element, and large. */
const LAYERS = [
  { shape: [7, 33], normalizedShape: [33] },
  { shape: [3, 5, 2, 3], normalizedShape: [2, 3] },
  { shape: [5, 1], normalizedShape: [1] },
  { shape: [0, 4], normalizedShape: [4] },
  { shape: [65, 1030], normalizedShape: [1030] },
] as const;

const BATCHES = [
  { shape: [17, 5], channels: 5 },
  { shape: [3, 4, 131], channels: 4 },
  { shape: [2, 3, 7, 9], channels: 3 },
  { shape: [1, 2, 3, 4, 5], channels: 2 },
  { shape: [0, 3, 4], channels: 3 },
] as const;

/** Inputs of a norm. */
const NAMES = ["x", "the weight", "the bias"] as const;

/** Normalisations. */
export const normalization: Family = {
  ...goldenChecks(/^(layer|rms|group|batch|instance)Norm$/, NORMS, (inputs, attrs) => {
    const [x, weight, bias] = inputs as [Tensor, Tensor | undefined, Tensor | undefined];
    return [x, { ...attrs, ...(weight && { weight }), ...(bias && { bias }) }];
  }),
  ...goldenChecks(/^normalize$/, NORMS, ([x], attrs) => [x, attrs]),

  ...each(
    moving.map((golden, i) => ({ golden, i })),
    ({ golden: { attrs, inputs }, i }) =>
      `moves running values ${i} as PyTorch does: of [${inputs[0]?.shape}] by ${(attrs as { momentum?: number }).momentum ?? "the default"}`,
    ({ golden }, context) => runs(golden, context),
  ),

  ...each(
    LAYERS,
    ({ shape, normalizedShape }) => `gives layerNorm and rmsNorm of [${shape}] over [${normalizedShape}], and their gradients`,
    ({ shape, normalizedShape }, { within }) =>
      within(NORMS)(
        (x, weight, bias) => [F.layerNorm(x, { normalizedShape, weight, bias }), F.rmsNorm(x, { normalizedShape, weight, eps: 1e-3 })],
        uniform(shape, { low: -2, high: 3 }),
        uniform(normalizedShape, { seed: 2 }),
        uniform(normalizedShape, { seed: 3 }),
      ),
  ),

  ...each(
    BATCHES,
    ({ shape }) => `gives batchNorm of [${shape}] in training and in evaluation, its gradients, and running values`,
    ({ shape, channels }, { within }) =>
      within(NORMS)(
        (x, weight, bias, mean, variance) => {
          const [runningMean, runningVar] = [mean.detach().mul(1), variance.detach().mul(1)];
          const trained = F.batchNorm(x, { weight, bias, runningMean, runningVar, training: true, momentum: 0.3 });
          return [trained, F.batchNorm(x, { weight, bias, runningMean, runningVar }), runningMean, runningVar];
        },
        uniform(shape, { low: -2, high: 3 }),
        uniform([channels], { seed: 2 }),
        uniform([channels], { seed: 3 }),
        uniform([channels], { seed: 4, requiresGrad: false }),
        uniform([channels], { seed: 5, low: 0.5, high: 2, requiresGrad: false }),
      ),
  ),

  "gives groupNorm and instanceNorm of strided tensors, and their gradients": ({ within }) =>
    within(NORMS)(
      (x, weight) => [
        F.groupNorm(x.transpose(0, 1), { numGroups: 3, weight }),
        F.instanceNorm(x.transpose(0, 1).slice(2, 0, 9, 2), { weight, bias: weight }),
      ],
      uniform([6, 4, 9], { low: -2, high: 3 }),
      uniform([6], { seed: 2 }),
    ),

  "puts eps under the root": ({ within }) =>
    within(COMPOSED)(
      (x) => [
        F.layerNorm(x, { normalizedShape: [4], eps: 1 }),
        F.rmsNorm(x, { normalizedShape: [4], eps: 1 }),
        F.groupNorm(x, { numGroups: 2, eps: 1 }),
        F.batchNorm(x, { training: true, eps: 1 }),
      ],
      uniform([3, 4]),
    ),

  "gives layerNorm and batchNorm with a weight alone, a bias alone, and neither": ({ within }) =>
    within(NORMS)(
      (x, weight, bias) => [
        ...[{ weight }, { bias }, {}].map((affine) => F.layerNorm(x, { normalizedShape: [37], ...affine })),
        ...[{ weight }, { bias }, {}].map((affine) => F.batchNorm(x, { training: true, ...affine })),
      ],
      uniform([9, 37], { low: -2, high: 3 }),
      uniform([37], { seed: 2 }),
      uniform([37], { seed: 3 }),
    ),

  ...each(
    [
      [false, true, true],
      [true, false, true],
      [true, true, false],
      [false, false, true],
      [false, true, false],
      [true, false, false],
    ] as const,
    (wanted) => `gives no more gradients of a norm than are wanted: of ${NAMES.filter((_, i) => wanted[i]).join(" and ")}`,
    ([ofX, ofWeight, ofBias], { within }) =>
      within(NORMS)(
        (x, weight, bias) => [F.layerNorm(x, { normalizedShape: [6], weight, bias }), F.batchNorm(x, { weight, bias, training: true })],
        uniform([70, 6], { requiresGrad: ofX }),
        uniform([6], { seed: 2, requiresGrad: ofWeight }),
        uniform([6], { seed: 3, requiresGrad: ofBias }),
      ),
  ),

  "keeps a small spread beside a large mean": ({ within }) =>
    within({ ...NORMS, name: "normalisations of what is off by 4096", atol: 2e-3, rtol: 2e-3 })(
      (x) => [F.layerNorm(x, { normalizedShape: [2100] }), F.batchNorm(x.transpose(0, 1), { training: true })],
      // Multiples of 1/64, which a float32 near 4096 holds.
      input(
        [3, 2100],
        Array.from(uniform([3, 2100]).data, (value) => 4096 + Math.round(64 * value) / 64),
      ),
    ),

  "takes gradients of more rows than are summed up at once": ({ within }) =>
    within({ ...NORMS, name: "normalisations of many rows", rtol: 5e-4, atol: 2e-3 })(
      (x, weight, bias) => F.layerNorm(x, { normalizedShape: [2], weight, bias }),
      uniform([33_000, 2], { low: -2, high: 3 }),
      uniform([2], { seed: 2 }),
      uniform([2], { seed: 3 }),
    ),

  "differentiates layerNorm and batchNorm twice": ({ within }) =>
    within({ ...NORMS, name: "second gradients of normalisations", rtol: 5e-4, atol: 5e-5 })(
      (x, weight, bias) =>
        [F.layerNorm(x, { normalizedShape: [5], weight, bias }), F.batchNorm(x, { weight, bias, training: true })].flatMap((y) => {
          const [ofX, ofWeight] = grad(y.mul(y).sum(), [x, weight], { createGraph: true }) as [Tensor, Tensor];
          return [ofX.mul(ofX), ofWeight];
        }),
      uniform([7, 5], { low: -2, high: 3 }),
      uniform([5], { seed: 2 }),
      uniform([5], { seed: 3 }),
    ),

  "divides vectors of every norm, and leaves those of zeros alone": ({ within }) =>
    within(NORMS)(
      (x) => [1, 2, 3, Number.POSITIVE_INFINITY].map((p) => F.normalize(x, { p, eps: 0.25 })),
      input([3, 4], [0, 0, 0, 0, 1, -2, 0, 0.5, 0.125, 0, 0, 0]),
    ),

  "takes the mean of all batches, which no device waits for": async ({ backend }) => {
    const norm = new nn.BatchNorm1d(2, { momentum: null, backend });
    for (const values of [
      [0, 1, 2, 5],
      [4, 1, 8, 9],
      [5, 0, 11, 6],
    ])
      norm.forward(tensor(values, { shape: [2, 2], backend })).dispose();
    const { running_mean, running_var, num_batches_tracked } = norm;
    assertClose((await running_mean?.data()) ?? [], [5, 11 / 3], COMPOSED, `${backend.name}, mean of the means`);
    assertClose((await running_var?.data()) ?? [], [28 / 3, 58 / 3], COMPOSED, `${backend.name}, mean of the variances`);
    assertClose((await num_batches_tracked?.data()) ?? [], [3], COMPOSED, `${backend.name}, batches`);
  },

  "changes nothing where it refuses": async ({ backend }) => {
    const norm = new nn.BatchNorm2d(2, { backend });
    for (const shape of [
      [1, 2, 1, 1],
      [2, 3, 2, 2],
      [2, 2, 2],
    ]) {
      const x = tensor(uniform(shape).data, { shape, backend });
      await assertThrows("ShapeError", () => norm.forward(x), `${backend.name}, BatchNorm2d of [${shape}]`);
    }
    const state = norm.stateDict();
    for (const [name, expected] of Object.entries({ running_mean: [0, 0], running_var: [1, 1], num_batches_tracked: [0] })) {
      assertClose((await state[name]?.data()) ?? [], expected, COMPOSED, `${backend.name}, ${name} after refusals`);
    }
  },
};

// --- internal helpers ---

/** Options with tensors in place of those that the file writes. */
function runningOn({ backend }: Tensor, attrs: GoldenLayer["attrs"]): Record<string, unknown> {
  const { runningMean, runningVar, ...others } = attrs as Running & Record<string, unknown>;
  const on = (value: GoldenTensor) => tensor(fromGolden(value).data, { shape: value.shape, backend });
  return { ...others, ...(runningMean && { runningMean: on(runningMean) }), ...(runningVar && { runningVar: on(runningVar) }) };
}

async function runs({ attrs, inputs, runningMeanAfter, runningVarAfter }: GoldenBatchNorm, { backend }: Context): Promise<void> {
  const [golden] = inputs as [GoldenTensor];
  const x = tensor(fromGolden(golden).data, { shape: golden.shape, backend });
  const options = runningOn(x, attrs) as { runningMean: Tensor; runningVar: Tensor };
  F.batchNorm(x, options).dispose();
  assertClose(await options.runningMean.data(), runningMeanAfter?.data ?? [], COMPOSED, `${backend.name}, running means`);
  assertClose(await options.runningVar.data(), runningVarAfter?.data ?? [], COMPOSED, `${backend.name}, running variances`);
}
