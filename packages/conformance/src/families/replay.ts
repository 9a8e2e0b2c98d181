/** Keys that are used again: a batch in parts, and a part of a model that is run once more for its gradient. */
import { cat, checkpoint, functional as F, shard, shards, type Tensor } from "@dropwise/core";
import { each, type Family } from "../case";
import { constant, generatorAt, uniform } from "../inputs";
import { COMPOSED, SUMS } from "../tolerance";

const KINDS = [
  { op: "dropout", shape: [13, 37] },
  { op: "dropout1d", shape: [13, 5, 4] },
  { op: "dropout2d", shape: [13, 5, 2, 3] },
  { op: "dropout3d", shape: [13, 3, 2, 1, 3] },
  { op: "alphaDropout", shape: [13, 37] },
  { op: "featureAlphaDropout", shape: [13, 5, 6] },
] as const;

const options = () => ({ p: 0.4, training: true, generator: generatorAt(23, 1) });

/** A model with two masks and products. */
function model(x: Tensor, weight: Tensor): Tensor {
  const { generator } = options();
  const h = F.dropout(F.tanh(x.matmul(weight)), { p: 0.3, generator });
  return F.alphaDropout(h.matmul(weight), { p: 0.2, training: true, generator }).add(x);
}

/** Shards and checkpoints. */
export const replay: Family = {
  ...each(
    KINDS,
    ({ op }) => `draws for each part of a batch that part of the whole mask: ${op}`,
    ({ op, shape }, { backend, compare }) =>
      // On the reference the whole, on the backend eight parts.
      compare((x) => {
        if (x.backend !== backend) return F[op](x, options());
        const { generator } = options();
        return cat(
          shards({ count: 8, total: 13 }, ({ start, rows }) =>
            F[op](x.slice(0, start, start + rows), { p: 0.4, training: true, generator }),
          ),
        );
      }, uniform(shape)),
  ),

  "draws for B * T rows the part that belongs to the part's B": ({ backend, compare }) =>
    compare(
      (x) =>
        x.backend === backend
          ? shard({ index: 1, count: 3, start: 2, total: 6 }, () => F.dropout(x.slice(0, 8, 16), options()))
          : F.dropout(x, options()).slice(0, 8, 16),
      constant(uniform([24, 33])),
    ),

  "gives the gradients of a checkpoint as those of a plain call": ({ backend, within }) =>
    within(COMPOSED)(
      (x, weight) => (x.backend === backend ? checkpoint(model, x, weight) : model(x, weight)),
      uniform([9, 16]),
      uniform([16, 16]),
    ),

  "gives the gradients of nested checkpoints over parts of a batch as those of the whole": ({ backend, within }) =>
    within(SUMS)(
      (x, weight) => {
        if (x.backend !== backend) return model(model(x, weight), weight);
        const parts = shards({ count: 3, total: 10 }, ({ start, rows }) =>
          checkpoint((h: Tensor) => model(checkpoint(model, h, weight), weight), x.slice(0, start, start + rows)),
        );
        return cat(parts);
      },
      uniform([10, 16]),
      uniform([16, 16]),
    ),
};
