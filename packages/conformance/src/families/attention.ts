/** Attention: products, masks, dropout over the weights, and the layers around it. */
import { cat, functional as F, Generator, nn, sample, shards, type Tensor } from "@dropwise/core";
import type { Family } from "../case";
import { calledWith, goldenChecks } from "../golden-layers";
import { bools, constant, generatorAt, uniform } from "../inputs";
import { COMPOSED } from "../tolerance";

const queries = uniform([2, 3, 5, 8], { seed: 1, low: -2, high: 2 });
const keys = uniform([2, 3, 7, 8], { seed: 2, low: -2, high: 2 });
const values = uniform([2, 3, 7, 4], { seed: 3 });

/** Attention. */
export const attention: Family = {
  ...goldenChecks(/^scaledDotProductAttention$/, COMPOSED, calledWith),

  "drops weights behind the softmax, by one mask in row-major order": ({ within }) =>
    within(COMPOSED)(
      (q, k, v) => F.scaledDotProductAttention(q, k, v, { dropoutP: 0.4, isCausal: true, generator: new Generator(5) }),
      queries,
      keys,
      values,
    ),

  "adds float masks, and gives zeros where nothing is seen": ({ within }) =>
    within(COMPOSED)(
      (q, k, v, bias, seen) => [
        F.scaledDotProductAttention(q, k, v, { attnMask: bias as never, scale: 0.7 }),
        F.scaledDotProductAttention(q, k, v, { attnMask: seen as never }),
        F.scaledDotProductAttention(q, k, v, { attnMask: F.logicalNot(F.logicalOr(seen as Tensor, F.logicalNot(seen as Tensor))) }),
      ],
      queries,
      keys,
      values,
      uniform([5, 7], { seed: 4, low: -1, high: 1 }),
      bools([5, 7]),
    ),

  "is in three unequal parts of a batch what it is in the whole, as are its layers": ({ backend, within }) => {
    // A backend of the first version knows no masks with gaps, which parts of a second dimension have.
    const dim = backend.info.contract === 2 ? 1 : 0;
    return within(COMPOSED)(
      (x) => {
        const options = { dimFeedforward: 12, dropout: 0.3, batchFirst: dim === 0, backend: x.backend, generator: generatorAt(11n) };
        const layer = new nn.TransformerEncoderLayer(8, 2, options);
        const part = (start: number, rows: number) => layer.forward(x.slice(dim, start, start + rows), { isCausal: true });
        // On the reference the whole, on the backend three parts.
        if (x.backend !== backend) return part(0, 7);
        return cat(
          shards({ count: 3, total: 7 }, ({ start, rows }) => part(start, rows)),
          { dim },
        );
      },
      uniform(dim === 0 ? [7, 4, 8] : [4, 7, 8], { seed: 8 }),
    );
  },

  "goes on from its past as from all at once": ({ within }) =>
    within(COMPOSED)(
      (x) => {
        const layer = new nn.MultiheadAttention(8, 2, { batchFirst: true, backend: x.backend, generator: new Generator(3) }).eval();
        const whole = layer.forward(x, x, x, { isCausal: true, needWeights: false })[0];
        const past = new nn.AttentionPast();
        const steps = [0, 1, 2, 3, 4].map((t) => {
          const token = x.slice(1, t, t + 1);
          return layer.forward(token, token, token, { isCausal: true, past, needWeights: false })[0].detach();
        });
        past.clear();
        return [whole.detach(), ...steps];
      },
      constant(uniform([2, 5, 8], { seed: 6 })),
    ),

  "samples the same places for a seed": ({ compare }) =>
    compare(
      (x) => [
        sample(x, { generator: new Generator(1) }),
        sample(x, { generator: new Generator(2), temperature: 0.5, topK: 5 }),
        sample(x, { generator: new Generator(3), topP: 0.6 }),
        sample(x, { temperature: 0 }),
      ],
      constant(uniform([33, 65], { seed: 7, low: -4, high: 4 })),
    ),
};
