/** Which elements are kept: every size, offset, seed, call and probability, against the reference. */
import { cat, functional as F, ones, type Tensor, zeros } from "@dropwise/core";
import { philox4x32, sizeOf } from "@dropwise/core/backend";
import { assertSame } from "../../assert";
import { each, type Family } from "../../case";
import { compareDirect, dropoutSpec } from "../../direct";
import { constant, generatorAt, input, uniform } from "../../inputs";
import { BITS } from "../../tolerance";

/** Dropout of each size, one call after the other, from the start of `x`, as one tensor. */
const bySize = (x: Tensor, sizes: readonly number[], options: { p: number; from?: number }) => {
  const generator = generatorAt(17, 3);
  const { p, from = 0 } = options;
  return cat(sizes.map((n) => F.dropout(x.slice(0, from, from + n), { p, generator })));
};

const POWERS = Array.from({ length: 14 }, (_, i) => 2 ** (i + 7));

/** Blocks end at multiples of 4; block numbers at 2^32, that is, elements at 2^34. */
const OFFSETS = [
  ...Array(8).keys(),
  2 ** 20 + 1,
  2 ** 32 - 5,
  2 ** 32,
  2 ** 33 + 2,
  ...Array.from({ length: 16 }, (_, i) => 2 ** 34 - 8 + i),
  2 ** 40 + 3,
];

const PROBABILITIES = [
  1e-10,
  1e-9,
  2.9e-8,
  6e-8,
  1e-7,
  1e-6,
  1e-4,
  0.01,
  0.1,
  0.25,
  1 / 3,
  0.5,
  0.7,
  0.9,
  0.99,
  0.9999,
  1 - 1e-6,
  1 - 1e-7,
];

const SEEDS = [0n, 1n, 2n ** 31n, 2n ** 32n - 1n, 2n ** 32n, 2n ** 63n, 2n ** 64n - 1n, 0xdeadbeef01234567n];

const CALLS = [0n, 1n, 2n ** 31n, 2n ** 32n - 1n, 2n ** 32n, 2n ** 32n + 5n, 2n ** 48n + 2n ** 31n, 2n ** 62n - 1n];

/** Parts of larger masks along an inner dimension, as a sequence-first layer has of a batch in parts; in the last, also the innermost steps have gaps. */
const GAPS = [
  { shape: [6, 10], maskStrides: [40, 1] },
  { shape: [3, 700], maskStrides: [4099, 1] },
  { shape: [5, 7, 3], maskStrides: [84, 3, 1] },
  { shape: [4, 6, 5], maskStrides: [18, 1, 0] },
  { shape: [300, 2], maskStrides: [9, 0] },
  { shape: [37], maskStrides: [5] },
  { shape: [9, 11], maskStrides: [64, 6] },
];

/** Masks beyond the golden ones. */
export const masks: Family = {
  "keeps the same elements for every size from 0 to 70": async ({ compare }) => {
    const sizes = [...Array(71).keys()];
    await compare((x) => bySize(x, sizes, { p: 0.5 }), uniform([80]));
    await compare((x) => bySize(x, sizes, { p: 0.1, from: 3 }), uniform([80]));
  },

  "keeps the same elements for sizes around every power of two up to 2^20": async ({ compare }) => {
    const x = constant(uniform([2 ** 20 + 1]));
    // In two parts, so that no tensor is large for a small device.
    for (const powers of [POWERS.slice(0, -2), POWERS.slice(-2)]) {
      const sizes = powers.flatMap((n) => [n - 1, n, n + 1]);
      await compare((t) => bySize(t, sizes, { p: 0.4 }), x);
    }
  },

  "keeps the same elements whatever the seed": async ({ compare }) => {
    await compare((x) => cat(SEEDS.map((seed) => F.dropout(x, { p: 0.5, generator: generatorAt(seed) }))), uniform([101]));
  },

  "keeps the same elements whatever the call, beyond 2^32 too": async ({ compare }) => {
    await compare((x) => cat(CALLS.map((call) => F.dropout(x, { p: 0.5, generator: generatorAt(7, call) }))), uniform([101]));
  },

  "keeps the same elements with an element offset of 0 to 7, around 2^32 and around 2^34": async ({ compare }) => {
    const dropped = (x: Tensor) => OFFSETS.map((elementOffset) => F.dropout(x, { p: 0.5, generator: generatorAt(5), elementOffset }));
    await compare((x) => cat(dropped(x)), uniform([37]));
  },

  "keeps the same elements up to the last offset there is": async ({ compare }) => {
    await compare(
      (x) => cat([0, 1, 2, 3, 4, 5].map((less) => F.dropout(x, { p: 0.5, generator: generatorAt(5), elementOffset: 2 ** 53 - 33 - less }))),
      uniform([33]),
    );
  },

  ...each(
    PROBABILITIES,
    (p) => `keeps and scales the same elements at p = ${p}`,
    (p, { compare }) => compare((x) => F.dropout(x, { p, generator: generatorAt(11, 2) }), uniform([4099])),
  ),

  "draws the same mask for a tensor and for its shards": async ({ backend, compare }) => {
    const x = constant(uniform([1003]));
    const cuts = [0, 1, 6, 100, 101, 515, 1003];
    const whole = (t: Tensor) => F.dropout(t, { p: 0.3, generator: generatorAt(9) });
    const parts = (t: Tensor) =>
      cat(
        cuts.slice(1).map((end, i) => {
          const start = cuts[i] as number;
          return F.dropout(t.slice(0, start, end), { p: 0.3, generator: generatorAt(9), elementOffset: start });
        }),
      );
    // On the reference the whole, on the backend the shards.
    await compare((t) => (t.backend === backend ? parts(t) : whole(t)), x);
  },

  ...each(
    GAPS,
    ({ shape, maskStrides }) => `draws a mask of [${shape}] that steps by [${maskStrides}], as part of a larger one`,
    async ({ shape, maskStrides }, { backend }) => {
      if (backend.info.contract !== 2) return; // the first version of the contract had no such masks
      for (const elementOffset of [0, 3, 2 ** 34 - 6]) {
        const n = sizeOf(shape);
        const spec = dropoutSpec(n, 0.5, { shape, maskStrides, elementOffset });
        await compareDirect(
          backend,
          BITS,
          `offset ${elementOffset}`,
          (kernels, [x, out]) => kernels.dropout(spec, x as never, out as never),
          { input: uniform([n]) },
          { input: uniform([n], { seed: 2 }) },
        );
      }
    },
  ),

  "compares words with the threshold unsigned, and drops the one that equals it": async ({ backend }) => {
    const words = new Uint32Array(16);
    const one = input([16], [1]);
    const { seedLo, seedHi, callLo, callHi } = dropoutSpec(16, 0.5);
    for (let block = 0; block < 4; block++) philox4x32(seedLo, seedHi, callLo, callHi, block, 0, words.subarray(4 * block));
    // Each word in turn as the threshold, and its neighbours, and the ends of the range.
    const thresholds = [...words].flatMap((word) => [word, word + 1]).concat(0, 1, 0x7fffffff, 0x80000000, 0xffffffff);
    for (const threshold of thresholds) {
      await compareDirect(
        backend,
        BITS,
        `threshold ${threshold}`,
        (kernels, [x, out]) => kernels.dropout(dropoutSpec(16, 0.5, { threshold }), x as never, out as never),
        { input: one },
        { input: one },
      );
    }
  },

  "writes nothing beside its output, wherever input and output start": async ({ backend }) => {
    for (let start = 0; start < 4; start++) {
      for (let to = 0; to < 4; to++) {
        await compareDirect(
          backend,
          BITS,
          `input from ${start}, output from ${to}`,
          (kernels, [x, out]) => kernels.dropout(dropoutSpec(37, 0.5, { elementOffset: start + to }), x as never, out as never),
          { input: uniform([37]), offset: start },
          { input: uniform([37], { seed: 2 }), offset: to },
        );
      }
    }
  },

  "takes one call for each mask that is drawn, and none otherwise": ({ backend }) => {
    const generator = generatorAt(3);
    const x = ones([5], { backend });
    const calls: bigint[] = [];
    const after = (drop: () => unknown) => {
      drop();
      calls.push(generator.call);
    };
    after(() => F.dropout(x, { p: 0.5, generator }));
    after(() => F.dropout(x, { p: 0, generator }));
    after(() => F.dropout(x, { p: 1, generator }));
    after(() => F.dropout(x, { p: 0.5, training: false, generator }));
    after(() => F.dropout(zeros([0, 3], { backend }), { p: 0.5, generator }));
    after(() => F.dropout(x, { p: 0.5, noiseShape: [1], generator }));
    after(() => F.alphaDropout(x, { p: 0.5, training: true, generator }));
    assertSame(calls.map(Number), [1, 1, 1, 1, 1, 2, 3], `${backend.name}, calls taken`);
  },
};
