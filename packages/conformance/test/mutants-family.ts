/** Backends with one fault each in what the dropout family beyond PyTorch's stands on: shared masks, parts of them, masks that are drawn twice, and choices by them. */
import { contiguousStrides, type DropoutSpec, type Kernels } from "@dropwise/core/backend";
import { elements, type Mutant, mutant } from "./mutant";
import { dot, secondTime, steps, withSteps } from "./mutants-dropout";

const WHOLE = (name: string) => `dropout > gives what the reference gives, and the gradient: ${name}`;
const PARTS = (name: string) => `dropout > gives parts of a batch the parts of its mask, forward and backward: ${name}`;

const DOUBLE_OF = (name: string) =>
  `dropout > gives in float64 what the reference gives, and the gradient, where there is float64: ${name}`;
const DOUBLE = "dropout > draws the same masks for float64, where there is float64: shared, from any offset, seed and call, in place";

/** Members whose masks have an element for several of the input's. */
const SHARED = ["dropPath", "lockedDropout", "lockedDropout, batch first", "tokenDropout", "headDropout", "embeddingDropout"];
/** Those in which the same mask is drawn for the output and for the gradient. */
const DROPPED = ["dropPath", "lockedDropout", "tokenDropout", "headDropout", "dropConnect", "embeddingDropout", "multiSampleDropout"];
/** Those that choose by a mask. */
const CHOSEN = ["zoneout", "dropBlock2d"];

/** Every fault. */
export const familyMutants: readonly Mutant[] = [
  steps("an element of the mask for each of the input's, also where it is shared", { maskIndex: (_, i) => i }, ...SHARED.map(WHOLE)),
  steps(
    "the mask shared along the first dimension for the last",
    { maskIndex: (spec, i) => dot(spec.shape, [...spec.maskStrides].reverse(), i) },
    ...["dropPath", "lockedDropout", "lockedDropout, batch first", "tokenDropout", "headDropout"].map(WHOLE),
  ),
  steps(
    "a mask that is shared in the middle read to its end there",
    {
      maskIndex: (spec, i) =>
        dot(spec.shape, spec.maskStrides, i) + (spec.shape.length === 3 ? Math.floor(i / (spec.shape[2] as number)) % 2 : 0),
    },
    WHOLE("lockedDropout, batch first"),
  ),
  steps(
    "a mask of one element that goes on",
    { maskIndex: (spec, i) => dot(spec.shape, spec.maskStrides, i) || i },
    WHOLE("dropPath, by batch"),
  ),
  steps(
    "every mask begun at its first element",
    { spec: (spec) => ({ ...spec, elementOffset: 0 }) },
    ...["dropPath", "lockedDropout", "lockedDropout, batch first", "tokenDropout", "headDropout", ...CHOSEN].map(PARTS),
  ),
  steps(
    "words that are one off",
    { maskIndex: (spec, i) => dot(spec.shape, spec.maskStrides, i) + 1 },
    ...[...DROPPED, ...CHOSEN, "a held mask, twice"].map(WHOLE),
  ),
  steps("the scale left out", { scale: (x) => x }, ...DROPPED.map(WHOLE)),
  steps(
    "dropped elements kept, and kept ones dropped",
    { keep: (word, threshold) => word >= threshold },
    ...[...DROPPED, ...CHOSEN].map(WHOLE),
  ),
  steps("the second of two masks drawn as the first", { spec: (spec) => ({ ...spec, callLo: 0 }) }, WHOLE("multiSampleDropout")),
  {
    name: "the second draw of a mask by another call",
    create: withSteps(() => ({ spec: secondTime((spec) => ({ ...spec, callLo: spec.callLo + 1 })) })),
    caughtBy: [...DROPPED, ...CHOSEN, "a held mask, twice"].map(WHOLE),
  },
  {
    name: "the second draw of a part's mask from its first element",
    create: withSteps(() => ({ spec: secondTime((spec) => ({ ...spec, elementOffset: 0 })) })),
    caughtBy: [...DROPPED.slice(0, 4), ...CHOSEN].map(PARTS),
  },
  ofDouble("a mask that is shared", (spec) => ({ ...spec, maskStrides: contiguousStrides(spec.shape) }), DOUBLE, ...SHARED.map(DOUBLE_OF)),
  ofDouble("an offset", (spec) => ({ ...spec, elementOffset: 0 }), DOUBLE),
  ofDouble("the high words of seed and call", (spec) => ({ ...spec, seedHi: 0, callHi: 0 }), DOUBLE),
  ofDouble("the scale", (spec) => ({ ...spec, keepScale: 1 }), DOUBLE, ...DROPPED.map(DOUBLE_OF)),
  mutant(
    "choices of float64 the other way round",
    (k) => ({ where: (mask, a, b, out) => (out.storage.dtype === "float64" ? k.where(mask, b, a, out) : k.where(mask, a, b, out)) }),
    ...CHOSEN.map(DOUBLE_OF),
  ),
  mutant("choices the other way round", (k) => ({ where: (mask, a, b, out) => k.where(mask, b, a, out) }), ...CHOSEN.map(WHOLE)),
  mutant(
    "a choice that takes the second operand for 0",
    (k) => ({ where: (mask, a, _b, out) => k.where(mask, a, 0, out) }),
    WHOLE("zoneout"),
  ),
  mutant("the sum of the first sample for each", (k) => ({ reduce: firstSum(k) }), WHOLE("dropBlock2d")),
];

// --- internal helpers ---

/** A kernel for float64 that leaves something out, beside one for float32 that does not. */
function ofDouble(what: string, wrong: (spec: DropoutSpec) => DropoutSpec, ...caughtBy: string[]): Mutant {
  const spec = (given: DropoutSpec, dtype: string) => (dtype === "float64" ? wrong(given) : given);
  return mutant(
    `float64 without ${what}`,
    (k) => ({ dropout: (given, x, out) => k.dropout(spec(given, out.storage.dtype), x, out) }),
    ...caughtBy,
  );
}

/** Sums of which all are the first one. */
function firstSum(right: Kernels): Kernels["reduce"] {
  return (op, x, out, outer, size, inner) => {
    right.reduce(op, x, out, outer, size, inner);
    if (op === "sum") for (let i = 1; i < outer; i++) elements(out).copyWithin(i * inner, 0, inner);
  };
}
