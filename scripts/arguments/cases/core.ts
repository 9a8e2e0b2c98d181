/** `@dropwise/core`: creation, random numbers, gradients, memory, data and errors. */
import { torchCpu } from "@dropwise/core/streams";
import type { Cases } from "../case";
import type { Place } from "../place";
import * as p from "../places";

// A stream is a value of `@dropwise/core/streams`; whatever begins at a seed would do as well.
const stream = { valid: () => torchCpu, accepts: () => false };
const creation = { dtype: { valid: () => "float32", accepts: () => false }, requiresGrad: p.flag(), backend: p.backend };
const random = { ...creation, generator: p.generator };
const doubles = p.list(p.tensor([1], { dtype: "float64", requiresGrad: true }));
/** A user's function, whose own calls say "mul"; without an input it takes one of its own. */
const square = p.callback(
  { ...p.tensor(), valid: () => 0 },
  (w) =>
    (x = w.tensor([], { dtype: "float64", requiresGrad: true })) =>
      x.mul(x),
);
const tolerances = p.options({
  eps: p.number(1e-6),
  atol: p.number(1e-5, (n) => n >= 0),
  rtol: p.number(1e-3, (n) => n >= 0),
  generator: p.generator,
});
const scalar = p.operand([]);
/** What a function that runs at once returns. */
const atOnce: Place = { valid: () => 1, accepts: (value) => typeof (value as { then?: unknown } | null | undefined)?.then !== "function" };

const isScalar = (value: unknown): boolean => typeof value === "number" || typeof value === "boolean";
const isBytes = (value: unknown): boolean => value instanceof Uint8Array && value.every((byte) => byte < 2);
/** Numbers, booleans, arrays of them, and four kinds of typed arrays. */
const data: Place = {
  ...p.list({ valid: () => 1, accepts: isScalar }, 2),
  accepts: (value) =>
    isScalar(value) ||
    isBytes(value) ||
    [Float32Array, Float64Array, Int32Array].some((Type) => value instanceof Type) ||
    p.isArrayOf(value, isScalar) ||
    p.isArrayOf(value, (item) => Array.isArray(item) && item.length === 0),
};
const state: Place = {
  valid: (w) => w.generator.getState(),
  accepts: (value) => value instanceof Uint8Array && [16, 24].includes(value.length),
};
const isIndices = (value: unknown): boolean =>
  p.isArrayOf(value, Number.isInteger) || (ArrayBuffer.isView(value) && /^(Ui|I)nt(8|16|32)Array$/.test(value.constructor.name));
const indices: Place = { valid: () => Int32Array.of(0, 2), accepts: isIndices };
const text = p.anything("text");

/** Bytes and the like are taken where a dtype says what they are. */
const typedData: Place = {
  ...data,
  accepts: (value, w) => data.accepts(value, w) || (ArrayBuffer.isView(value) && !(value instanceof DataView)),
};

// --- loading ---

const MAX_INT32 = 2 ** 31 - 1;
const isFunction = (value: unknown): boolean => typeof value === "function";
/** What a loader calls only once it is looped over. */
const aFunction: Place = { valid: () => (values: unknown) => values, accepts: isFunction };
const loading = {
  batchSize: p.integer(2, 1),
  dropLast: p.flag(),
  transform: aFunction,
  prefetch: p.integer(1, 0),
  signal: { valid: () => new AbortController().signal, accepts: () => false },
};
const samples: Place = { ...p.dataset, valid: () => [0, 1, 2] };
/** Samples of no parts may be put together, too. */
const isSamples: Place["accepts"] = (value, w) =>
  p.isArrayOf(value, (item) => p.isEmptyObject(item) || data.accepts(item, w) || p.tensor().accepts(item, w));
const withLength: Place = {
  valid: (w) => w.dataset(),
  accepts: (value) => typeof value === "object" && Number.isInteger((value as { length?: unknown } | null)?.length),
};
const sampler: Place = {
  valid: () => [2, 0],
  accepts: (value) => withLength.accepts(value, undefined as never) && isFunction((value as Partial<Iterable<unknown>>)[Symbol.iterator]),
};
const count = p.integer(2, 1);
const isWeight = (value: unknown): boolean => typeof value === "number" && value >= 0 && value < Number.POSITIVE_INFINITY;
const weights: Place = {
  ...p.list(p.number(1, isWeight), 3),
  accepts: (value) =>
    p.isArrayOf(value, isWeight) || [Float32Array, Float64Array, Int32Array].some((Type) => value instanceof Type && value.every(isWeight)),
};
/** Of four samples. */
const lengths: Place = {
  ...p.list(
    p.number(2, (n) => n === 2),
    2,
  ),
  accepts: (value) => p.isArrayOf(value, isWeight),
};

export const coreCases: Cases = {
  "tensor: without options": [data],
  tensor: [typedData, p.options({ ...creation, shape: p.shape([2]) })],
  zeros: [p.shape(), p.options(creation)],
  ones: [p.shape(), p.options(creation)],
  full: [p.shape(), p.number(1), p.options(creation)],
  rand: [p.shape(), p.options(random)],
  randn: [p.shape(), p.options(random)],
  arange: [p.number(3, Number.isFinite), p.options({ ...creation, step: p.number(1, (n) => Number.isFinite(n) && n > 0) })],
  linspace: [p.number(0, Number.isFinite), p.number(1, Number.isFinite), p.integer(3, 0, 1000), p.options(creation)],
  eye: [p.integer(2, 0, 1000), p.options({ ...creation, m: p.integer(3, 0, 1000) })],
  zerosLike: [p.tensor(), p.options(creation)],
  onesLike: [p.tensor(), p.options(creation)],
  randint: [p.integer(0, -(2 ** 31), 4), p.integer(5, 1, 2 ** 31), p.shape(), p.options(random)],
  randperm: [p.integer(3, 0, 1000), p.options(random)],
  normal: [p.number(0, (n) => !Number.isNaN(n)), p.number(1, (n) => n >= 0), p.shape(), p.options(random)],
  bernoulli: [p.tensor(), p.options({ generator: p.generator })],
  multinomial: [p.tensor(), p.integer(1), p.options({ replacement: p.flag(), generator: p.generator })],
  sample: [
    p.tensor(),
    p.options({
      temperature: p.amount(1),
      topK: p.integer(2, 1),
      topP: p.number(0.5, (n) => n > 0 && n <= 1),
      generator: p.generator,
    }),
  ],
  cat: [p.list(p.operand(), 2), p.options({ dim: p.dim() })],
  stack: [p.list(p.operand(), 2), p.options({ dim: p.dim(0, 3) })],
  isTensor: [p.anything()],
  keep: [p.tensor()],
  tidy: [p.callback(atOnce)],
  noGrad: [p.callback(atOnce)],
  enableGrad: [p.callback(atOnce)],
  isGradEnabled: [],
  checkpoint: [p.callback(p.anything(), () => (x: unknown) => x), p.anything()],
  memory: [p.optional(p.backend)],
  getDefaultBackend: [],
  setDefaultBackend: [p.backend],
  cpu: "its members are called by core, with what core has checked",
  grad: [
    p.loss,
    p.or(p.leaf, p.list(p.leaf, 0)),
    p.options({ gradOutputs: p.or(scalar, p.list(scalar)), createGraph: p.flag(), retainGraph: p.flag(), allowUnused: p.flag() }),
  ],
  gradcheck: { args: [square, doubles, tolerances], says: ["mul"] },
  gradgradcheck: { args: [square, doubles, tolerances], says: ["gradcheck", "mul"] },

  shard: [
    p.options(
      { index: p.integer(0, 0, 2), count: p.integer(3, 1), start: p.integer(1, 0, 4), total: p.integer(4, 1), rows: p.integer(2, 0, 3) },
      ["index", "count", "start", "total"],
    ),
    p.callback(atOnce),
  ],
  shards: [
    p.options({ count: p.integer(3, 2), total: p.integer(4, 0), indices: p.list(p.integer(1, 0, 2)) }, ["count", "total"]),
    p.callback(atOnce),
  ],

  defaultGenerator: [],
  manualSeed: [p.seed, p.options({ stream })],
  Generator: [p.optional(p.seed), p.options({ stream })],
  "Generator#manualSeed": [p.seed],
  "Generator#getState": [],
  "Generator#setState": [state],
  "Generator#clone": [],

  TensorDataset: [p.operand([4, 3]), p.operand([4], { dtype: "int32" })],
  "TensorDataset#batch": [indices],
  DataLoader: [p.dataset, p.options({ ...loading, shuffle: p.flag(), generator: p.generator })],
  "DataLoader: of samples": [samples, p.options({ ...loading, sampler, collate: aFunction })],
  "DataLoader#stateDict": [],
  "DataLoader#loadStateDict": [
    p.object(() => ({ batch: 1, batchSize: 2, samples: 4, order: null }), {
      batch: p.integer(1, 0, 2),
      batchSize: p.integer(2, 2, 2),
      samples: p.integer(4, 4, 4),
      order: { valid: () => null, accepts: (value) => value === null || value instanceof Uint8Array },
    }),
  ],
  "DataLoader#[Symbol.iterator]": [],
  "DataLoader#[Symbol.asyncIterator]": [],
  defaultCollate: [{ ...p.list(data, 2), accepts: isSamples }],
  RandomSampler: [
    p.or(p.integer(3, 0, MAX_INT32), withLength),
    p.options({ replacement: p.flag(), numSamples: count, generator: p.generator }),
  ],
  WeightedRandomSampler: [weights, count, p.options({ replacement: p.flag(), generator: p.generator })],
  "RandomOrder#[Symbol.iterator]": [],
  Subset: [p.dataset, indices],
  "Subset#batch": [indices],
  randomSplit: [p.dataset, lengths, p.options({ generator: p.generator })],

  // An error never hides behind another one.
  BackendMismatchError: [text, p.anything(["a", "b"])],
  BackendUnavailableError: [text, text, p.anything(["a"])],
  DeviceLostError: [text, text],
  DisposedError: [text, text],
  InPlaceError: [text, text],
  OutOfMemoryError: [text, p.anything(), text],
  ShapeError: [text, p.anything([[2]]), text],
  UnsupportedOpError: [text, text, text],
};
