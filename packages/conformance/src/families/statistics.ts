/** The masks as random numbers. They are the reference's, so this cannot fail alone; it says in plain words what the golden bits mean. */
import { functional as F, ones, randn } from "@dropwise/core";
import { thresholdOf } from "@dropwise/core/backend";
import { assert } from "../assert";
import { type Context, each, type Family } from "../case";
import { generatorAt } from "../inputs";

const N = 2 ** 16;

/** Standard deviations within which a right generator stays, for the fixed seeds here and nearly all others. */
const SIGMAS = 4.5;

async function maskOf({ backend }: Context, p: number, { seed = 1, call = 0, elementOffset = 0 } = {}): Promise<Uint8Array> {
  const x = ones([N], { backend });
  const y = F.dropout(x, { p, generator: generatorAt(seed, call), elementOffset });
  const data = await y.data();
  x.dispose();
  y.dispose();
  const mask = new Uint8Array(N);
  for (let i = 0; i < N; i++) mask[i] = Number(data[i] !== 0);
  return mask;
}

/** Fails unless a count out of `n` is what a probability makes likely. */
function checkCount(count: number, n: number, probability: number, what: string): void {
  const spread = Math.sqrt(n * probability * (1 - probability));
  const distance = Math.abs(count - n * probability);
  assert(
    distance <= SIGMAS * spread,
    `${what}: expected about ${n * probability} of ${n}, got ${count}, ${(distance / spread).toFixed(1)} sigmas off`,
  );
}

/** How often two masks agree, the second one `shift` places on. */
function agreements(a: Uint8Array, b: Uint8Array, shift = 0): number {
  let count = 0;
  for (let i = 0; i + shift < a.length; i++) if (a[i] === b[i + shift]) count++;
  return count;
}

/** Statistics. */
export const statistics: Family = {
  ...each(
    [0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99],
    (p) => `keeps the right share at p = ${p}`,
    async (p, context) => {
      const kept = (await maskOf(context, p)).reduce((sum, bit) => sum + bit, 0);
      checkCount(kept, N, thresholdOf(p) / 2 ** 32, `${context.backend.name}, kept at p = ${p}`);
    },
  ),

  ...each(
    [1, 2, 3, 4, 64, 1000],
    (shift) => `decides on elements ${shift} apart independently`,
    async (shift, context) => {
      const mask = await maskOf(context, 0.5);
      checkCount(agreements(mask, mask, shift), N - shift, 0.5, `${context.backend.name}, agreements ${shift} apart`);
    },
  ),

  "draws independent masks for other seeds, calls and offsets": async (context) => {
    const base = await maskOf(context, 0.5);
    for (const change of [
      { seed: 2 },
      { seed: 2 ** 32 + 1 },
      { call: 1 },
      { call: 2 ** 32 },
      { elementOffset: N },
      { elementOffset: 2 ** 34 },
    ]) {
      checkCount(
        agreements(base, await maskOf(context, 0.5, change)),
        N,
        0.5,
        `${context.backend.name}, agreements with ${JSON.stringify(change)}`,
      );
    }
  },

  "keeps the mean of what it drops": async ({ backend }) => {
    for (const p of [0.1, 0.5, 0.9]) {
      const mean = await F.dropout(ones([N], { backend }), { p, generator: generatorAt(5) })
        .mean()
        .item();
      assert(Math.abs(mean - 1) < SIGMAS * Math.sqrt(p / (1 - p) / N), `${backend.name}, mean at p = ${p}: expected about 1, got ${mean}`);
    }
  },

  "keeps mean 0 and variance 1 through alphaDropout": async ({ backend }) => {
    const x = F.selu(randn([N], { backend, generator: generatorAt(3) }));
    for (const p of [0.1, 0.3]) {
      const y = F.alphaDropout(x, { p, training: true, generator: generatorAt(5) });
      const [mean, variance] = [await y.mean().item(), await y.var().item()];
      assert(Math.abs(mean) < 0.03, `${backend.name}, mean at p = ${p}: expected about 0, got ${mean}`);
      assert(Math.abs(variance - 1) < 0.05, `${backend.name}, variance at p = ${p}: expected about 1, got ${variance}`);
    }
  },
};
