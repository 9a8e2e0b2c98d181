/** Functions of tensors that are composed: triangles, order, sums of products, copies, reductions and logic. */
import { functional as F, Generator, multinomial } from "@dropwise/core";
import type { Family } from "../case";
import { calledWith, goldenChecks } from "../golden-layers";
import { bools, eighths, input, integers, uniform } from "../inputs";
import { BITS, COMPOSED, EQUAL } from "../tolerance";

const NAMES = /^(cumsum|logsumexp|norm|tril|triu|maskedFill|indexSelect|topk|sort|einsum|prod|flip|roll)$/;

/** Functions of tensors. */
export const functions: Family = {
  ...goldenChecks(NAMES, COMPOSED, calledWith),

  "keeps triangles of any dtype": ({ within }) =>
    within(EQUAL)(
      (x, n, b) => [F.tril(x), F.triu(x, { diagonal: 2 }), F.tril(n, { diagonal: -1 }), F.triu(b)],
      eighths([3, 5, 7], 1),
      integers([6, 4]),
      bools([4, 4]),
    ),

  "sorts with equals in their order and NaN as the largest, up and down": ({ within }) => {
    const x = input([3, 67], (i) => (i % 11 === 5 ? Number.NaN : ((i * 7) % 13) / 4));
    return within(BITS)((x) => {
      const [up, down] = [F.sort(x), F.sort(x, { descending: true, dim: 0 })];
      const largest = F.topk(x, { k: 5 });
      return [up.values.detach(), up.indices, down.values.detach(), down.indices, largest.values.detach(), largest.indices];
    }, x);
  },

  "sorts integers and bool": ({ compare }) =>
    compare((n, b) => [F.sort(n, { dim: 0 }).values, F.argsort(b)], integers([33, 5]), bools([4, 21])),

  "multiplies by equations": ({ within }) =>
    within(EQUAL)(
      (a, b, c) => [F.einsum("bij,bjk,bk->bi", a, b, c), F.einsum("...ij,...jk", a, b), F.einsum("bii->b", a.slice(2, 0, 3))],
      eighths([2, 3, 4], 1),
      eighths([2, 4, 5], 2),
      eighths([2, 5], 3),
    ),

  "copies, turns and repeats": ({ within }) =>
    within(EQUAL)(
      (x, b) => [
        F.flip(x, { dims: [0, 2] }),
        F.roll(x, { shifts: [1, -3], dims: [0, 2] }),
        F.repeat(x, { repeats: [2, 1, 3, 2] }),
        F.repeatInterleave(x, { repeats: 3, dim: 1 }),
        F.clone(x.transpose(0, 2)),
        F.flip(b, { dims: 0 }),
      ],
      eighths([2, 3, 5], 4),
      bools([9]),
    ),

  "adds up along a dimension": ({ within }) =>
    within(EQUAL)((x, n) => [F.cumsum(x, { dim: 1 }), F.cumsum(n, { dim: 0 })], eighths([3, 67, 2], 5), integers([131])),

  "multiplies along a dimension, with the right gradient beside zeros": ({ within }) =>
    within(COMPOSED)(
      (x) => [F.prod(x, { dim: 1 }), F.prod(x.slice(1, 0, 5))],
      input([4, 7], (i) => [1, -2, 0.5, 1.5, i === 3 ? 0 : 2][i % 5] as number),
    ),

  "tells any from all, and NaN from numbers": ({ compare }) =>
    compare(
      (x, b) => [
        F.any(x, { dim: 0 }),
        F.all(x, { dim: 1, keepdim: true }),
        F.isnan(x),
        F.logicalAnd(x, b),
        F.logicalOr(x, b),
        F.logicalNot(x),
        F.argmin(b, { dim: 1 }),
      ],
      input([5, 7], (i) => (i % 9 === 4 ? Number.NaN : i % 4)),
      bools([5, 7]),
    ),

  "draws the same places by weight for a seed": ({ within }) =>
    within(BITS)(
      (w) => {
        const generator = new Generator(7);
        const once = multinomial(w, 20, { generator });
        return [
          once,
          multinomial(w, 500, { replacement: true, generator }),
          multinomial(w.slice(0, 1, 2).reshape([131]), 3, { generator }),
        ];
      },
      input([3, 131], (i) => (i % 5 === 2 ? 0 : 0.1 + ((i * 7) % 13) / 9)),
    ),

  "finds the smallest": ({ compare }) =>
    compare((x, n) => [F.argmin(x, { dim: 1 }), F.argmin(n)], uniform([9, 131], { requiresGrad: false }), integers([67])),
};
