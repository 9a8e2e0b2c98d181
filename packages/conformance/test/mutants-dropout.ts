/** Backends whose dropout has one fault each, and the right one. */
import type { Backend } from "@dropwise/core";
import {
  type BackendStorage,
  contiguousStrides,
  createTypedArray,
  type DropoutSpec,
  layoutOf,
  type MaskLayout,
  philox4x32,
  sizeOf,
  type TypedArray,
} from "@dropwise/core/backend";
import { createMinimalBackend } from "./minimal-backend";
import { type Mutant, mutant } from "./mutant";

/** The dropout kernel in steps that can be exchanged. */
interface Steps {
  /** What the kernel makes of its orders. */
  readonly spec: (spec: DropoutSpec) => DropoutSpec;
  /** How many of `n` elements are computed. */
  readonly count: (n: number) => number;
  /** The mask index of an element, without the offset. */
  readonly maskIndex: (spec: DropoutSpec, i: number) => number;
  /** The block a mask index belongs to. */
  readonly block: (m: number) => number;
  readonly keep: (word: number, threshold: number) => boolean;
  readonly scale: (x: number, spec: DropoutSpec) => number;
  /** Rounds a product before the addition. */
  readonly round: (product: number) => number;
  readonly drop: (x: number, spec: DropoutSpec) => number;
  /** How far apart the input's elements are: 0 where one stands for all. */
  readonly step: (strides: readonly number[]) => number;
}

const RIGHT: Steps = {
  spec: (spec) => spec,
  count: (n) => n,
  maskIndex: (spec, i) => dot(spec.shape, spec.maskStrides, i),
  block: (m) => Math.floor(m / 4),
  keep: (word, threshold) => word < threshold,
  scale: (x, spec) => x * spec.keepScale,
  round: Math.fround,
  drop: (_x, spec) => spec.dropValue,
  step: (strides) => Number(strides.some((stride) => stride !== 0)),
};

/** A backend whose dropout kernel takes these steps in place of the right ones. */
export function withSteps(changes: () => Partial<Steps>): () => Backend {
  return () => {
    const steps = { ...RIGHT, ...changes() };
    const minimal = createMinimalBackend() as Backend;
    return {
      ...minimal,
      info: { ...minimal.info, contract: 2 },
      dropout(given, x, out) {
        const spec = steps.spec(given);
        const from = x.storage.handle as TypedArray;
        const to = out.storage.handle as TypedArray;
        const step = steps.step(x.strides);
        const words = new Uint32Array(4);
        const keeps = spec.layout?.keeps(spec);
        const round = to instanceof Float32Array ? steps.round : (value: number) => value;
        const n = steps.count(sizeOf(given.shape));
        for (let i = 0; i < n; i++) {
          const m = spec.elementOffset + steps.maskIndex(spec, i);
          const block = steps.block(m);
          philox4x32(spec.seedLo, spec.seedHi, spec.callLo, spec.callHi, block >>> 0, Math.floor(block / 2 ** 32), words);
          const value = from[x.offset + i * step] as number;
          const isKept = keeps?.(m) ?? steps.keep(words[m % 4] as number, spec.threshold);
          const scaled = spec.keepShift === 0 ? steps.scale(value, spec) : round(value * spec.keepScale) + spec.keepShift;
          to[out.offset + i] = isKept ? scaled : steps.drop(value, spec);
        }
      },
    };
  };
}

export const steps = (name: string, changes: Partial<Steps>, ...caughtBy: string[]): Mutant => ({
  name,
  create: withSteps(() => changes),
  caughtBy,
});

const GOLDEN_4096 = "dropout > draws the golden masks of 4096 elements";
const SIZES = "dropout > keeps the same elements for every size from 0 to 70";
const BACKWARD = "dropout > draws the backward mask with the forward's call and element offset, whatever was drawn in between";
const OFFSETS = "dropout > keeps the same elements with an element offset of 0 to 7, around 2^32 and around 2^34";

/** The kernel above without a fault, which must pass everything. */
export const right: Mutant = steps("no fault", {});

/** Every fault of dropout. */
export const dropoutMutants: readonly Mutant[] = [
  steps("a block too far", { block: (m) => Math.floor(m / 4) + 1 }, GOLDEN_4096, SIZES),
  steps("the key's words swapped", { spec: (spec) => ({ ...spec, seedLo: spec.seedHi, seedHi: spec.seedLo }) }, GOLDEN_4096),
  steps("the call's words swapped", { spec: (spec) => ({ ...spec, callLo: spec.callHi, callHi: spec.callLo }) }, GOLDEN_4096),
  steps("words compared signed", { keep: (word, threshold) => (word | 0) < (threshold | 0) }, GOLDEN_4096, SIZES),
  steps(
    "<= in place of <",
    { keep: (word, threshold) => word <= threshold },
    "dropout > compares words with the threshold unsigned, and drops the one that equals it",
  ),
  steps(
    "the scale kept in double",
    { scale: (x, spec) => x * (spec.keepScale === Math.fround(1 / 0.9) ? 1 / 0.9 : spec.keepScale) },
    "dropout > keeps and scales the same elements at p = 0.1",
  ),
  steps(
    "the mask shared along the wrong dimension",
    { maskIndex: (spec, i) => dot(spec.shape, [...spec.maskStrides].reverse(), i) },
    "dropout > shares every mask shape that broadcasts to [3,5], forward and backward",
    "dropout > gives dropout2d of the reference, forward and backward",
  ),
  steps(
    "a mask with gaps read without them",
    { maskIndex: (spec, i) => dot(spec.shape, closed(spec), i) },
    "dropout > draws a mask of [6,10] that steps by [40,1], as part of a larger one",
    "dropout > draws a mask of [37] that steps by [5], as part of a larger one",
  ),
  steps(
    "the last block skipped where it is not full",
    { count: (n) => n - (n % 4) },
    SIZES,
    "dropout > draws the golden masks of 1021 elements",
  ),
  steps(
    "the high word of the call left out",
    { spec: (spec) => ({ ...spec, callHi: 0 }) },
    "dropout > keeps the same elements whatever the call, beyond 2^32 too",
  ),
  steps(
    "the high word of the seed left out",
    { spec: (spec) => ({ ...spec, seedHi: 0 }) },
    "dropout > keeps the same elements whatever the seed",
  ),
  steps(
    "the block number cut to 32 bits",
    { block: (m) => Math.floor(m / 4) >>> 0 },
    OFFSETS,
    "dropout > keeps the same elements up to the last offset there is",
  ),
  steps("the mask index cut to 32 bits", { block: (m) => m >>> 2 }, OFFSETS),
  steps(
    "the element offset rounded down to a block",
    { spec: (spec) => ({ ...spec, elementOffset: spec.elementOffset - (spec.elementOffset % 4) }) },
    OFFSETS,
  ),
  steps(
    "0 times the input for what is dropped",
    { drop: (x, spec) => (spec.dropValue === 0 ? x * 0 : spec.dropValue) },
    "dropout > puts +0 where it drops, whatever was there, and keeps the rest: NaN, infinities, -0",
  ),
  steps(
    "one value that stands for all read as the first of many",
    { step: () => 1 },
    "dropout > takes one value for all elements, and the gradient of a sum, without writing it out",
  ),
  steps("-0 for what is dropped", { drop: (_x, spec) => (spec.dropValue === 0 ? -0 : spec.dropValue) }, SIZES),
  steps(
    "a fused multiplication and addition",
    { round: (product) => product },
    "dropout > gives alphaDropout of the reference, forward and backward",
  ),
  steps("the drop value forgotten", { drop: () => 0 }, "dropout > gives alphaDropout of the reference, forward and backward"),
  layout(
    "a call that stays from pass to pass",
    (l) => changedIndex(l, (element) => element % (l.width * l.threads)),
    "layouts > draws packed 2 for every size and number of threads",
    "layouts > draws wide 2 for every size and number of threads",
  ),
  layout(
    "threads that take neighbours where they take every so manieth",
    (l) => layoutOf({ ...l, kind: l.kind === "spread" ? "packed" : l.kind }),
    "layouts > draws spread 4 for every size and number of threads",
    "layouts > draws spread 4 for as many elements as are divided among threads",
  ),
  layout(
    "eight elements of one block",
    (l) => (l.width === 8 ? changedIndex(l, (element) => element - (element & 4)) : l),
    "layouts > draws packed 8 for every size and number of threads",
  ),
  layout(
    "the bit that is shifted out kept",
    (l) => layoutOf({ ...l, shift: 0 }),
    "layouts > draws flat 1 for every size and number of threads",
  ),
  layout(
    "words that begin at 0 where they begin elsewhere",
    (l) => layoutOf({ ...l, low: 0 }),
    "layouts > draws flat 4 for every size and number of threads",
    "layouts > compares words of flat 4 unsigned, at the ends of the range",
  ),
  layout(
    "the low half of a wide threshold left out",
    (l) => ({ ...l, keeps: (spec) => l.keeps(l.kind === "wide" ? { ...spec, threshold: 0 } : spec) }),
    "layouts > drops what equals the threshold and keeps what is one below it, of wide 2",
  ),
  layout(
    "the index of a mask cut to 32 bits",
    (l) => changedIndex(l, (element) => element >>> 0),
    "layouts > draws flat 1 from any element offset and call on, beyond 2^32 too",
    "layouts > draws spread 4 from any element offset and call on, beyond 2^32 too",
  ),
  layout(
    "a call that does not carry",
    (l) => ({ ...l, keeps: (spec) => withoutCarry(l, spec) }),
    "layouts > draws packed 4 from any element offset and call on, beyond 2^32 too",
  ),
  {
    name: "backward with another call",
    create: withSteps(() => ({ spec: secondTime((spec) => ({ ...spec, callLo: spec.callLo + 1 })) })),
    caughtBy: [BACKWARD],
  },
  {
    name: "backward without its element offset",
    create: withSteps(() => ({ spec: secondTime((spec) => ({ ...spec, elementOffset: 0 })) })),
    caughtBy: [BACKWARD],
  },
  {
    name: "a view that is stale after memory grew",
    create: staleViews,
    caughtBy: ["storage > keeps its values, and goes on, while memory grows"],
  },
];

// --- internal helpers ---

/** A fault in the masks of other frameworks; those of the default stream are right. */
function layout(name: string, wrong: (right: MaskLayout) => MaskLayout, ...caughtBy: string[]): Mutant {
  const change = (spec: DropoutSpec) => (spec.layout === undefined ? spec : { ...spec, layout: wrong(spec.layout) });
  return mutant(name, (k) => ({ dropout: (spec, x, out) => k.dropout(change(spec), x, out) }), ...caughtBy);
}

/** A layout that takes one element for another. */
function changedIndex(right: MaskLayout, change: (element: number) => number): MaskLayout {
  const keeps = (spec: DropoutSpec) => {
    const kept = right.keeps(spec);
    return (element: number) => kept(change(element));
  };
  return { ...right, keeps };
}

/** The calls of the passes, counted in their low words only. */
function withoutCarry(right: MaskLayout, spec: DropoutSpec): (element: number) => boolean {
  const perPass = right.width * right.threads;
  return (element) => {
    const passes = Math.floor(element / perPass) * Math.max(1, right.width / 4);
    return right.keeps({ ...spec, callLo: (spec.callLo + passes) >>> 0 })(element % perPass);
  };
}

/** The strides of a mask, as if it were no part of a larger one. */
function closed({ shape, maskStrides }: DropoutSpec): number[] {
  const own = contiguousStrides(shape.map((size, dim) => (maskStrides[dim] === 0 ? 1 : size)));
  return own.map((stride, dim) => (maskStrides[dim] === 0 ? 0 : stride));
}

export function dot(shape: readonly number[], strides: readonly number[], i: number): number {
  let index = 0;
  let rest = i;
  for (let dim = shape.length - 1; dim >= 0; dim--) {
    index += (rest % (shape[dim] as number)) * (strides[dim] as number);
    rest = Math.floor(rest / (shape[dim] as number));
  }
  return index;
}

/** Leaves the first use of a call alone, as a forward pass, and spoils the following ones, as its backward. */
export function secondTime(spoil: (spec: DropoutSpec) => DropoutSpec): (spec: DropoutSpec) => DropoutSpec {
  const seen = new Set<string>();
  return (spec) => {
    const key = [spec.seedLo, spec.seedHi, spec.callLo, spec.callHi].join();
    if (seen.has(key)) return spoil(spec);
    seen.add(key);
    return spec;
  };
}

/** One memory for all tensors, which moves when it grows, as WebAssembly's does; its views are remembered and never renewed. */
function staleViews(): Backend {
  let memory = new ArrayBuffer(2 ** 20);
  let end = 0;
  const views = new Map<unknown, TypedArray>();
  const view = ({ handle, dtype }: BackendStorage): TypedArray => {
    const { start, length } = handle as { start: number; length: number };
    let array = views.get(handle);
    if (array === undefined) {
      array = new (createTypedArray(dtype, 0).constructor as Float32ArrayConstructor)(memory, start, length) as TypedArray;
      views.set(handle, array);
    }
    return array;
  };
  const { dropout: _, ...minimal } = createMinimalBackend() as Backend;
  return {
    ...minimal,
    allocate(dtype, length) {
      const handle = { start: end, length };
      end += 8 * Math.ceil((createTypedArray(dtype, 0).BYTES_PER_ELEMENT * length) / 8);
      while (end > memory.byteLength) {
        const larger = new ArrayBuffer(2 * memory.byteLength);
        new Uint8Array(larger).set(new Uint8Array(memory));
        memory = larger;
      }
      return handle;
    },
    write(storage, data) {
      const { start, length } = storage.handle as { start: number; length: number };
      new (data.constructor as Float32ArrayConstructor)(memory, start, length).set(data as Float32Array);
    },
    read: async (storage, start, length) => view(storage).slice(start, start + length),
    view,
  };
}
