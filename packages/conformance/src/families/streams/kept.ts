/** Masks that the host draws and that are kept: kernels lay them over data as they lay their own. */
import { cat, functional as F, Generator, noGrad, shards, type Tensor } from "@dropwise/core";
import { torchCpu } from "@dropwise/core/streams";
import { each, type Family } from "../../case";
import { constant, uniform } from "../../inputs";

const KINDS = [
  { op: "dropout", shape: [13, 37] },
  { op: "dropout1d", shape: [13, 5, 4] },
  { op: "dropout2d", shape: [13, 5, 2, 3] },
  { op: "dropout3d", shape: [13, 3, 2, 1, 3] },
  { op: "alphaDropout", shape: [13, 37] },
  { op: "featureAlphaDropout", shape: [13, 5, 6] },
] as const;

const options = () => ({ p: 0.4, training: true, generator: new Generator(23, { stream: torchCpu }) });

/** PyTorch's CPU stream, whose masks no kernel draws. */
export const keptMasks: Family = {
  ...each(
    KINDS,
    ({ op }) => `lays a mask that the host drew, and its gradient: ${op}`,
    ({ op, shape }, { compare }) => compare((x) => F[op](x, options()), uniform(shape)),
  ),

  ...each(
    KINDS,
    ({ op }) => `lays a mask that the host drew in place: ${op}`,
    ({ op, shape }, { compare }) =>
      compare((x) => noGrad(() => F[op](x.mul(1), { ...options(), inplace: true })), constant(uniform(shape))),
  ),

  "lays a mask that the host drew over a large tensor": ({ compare }) => compare((x) => F.dropout(x, options()), uniform([2 ** 17 + 3])),

  "lays a mask that the host drew over a transposed tensor, and one value": ({ compare }) =>
    compare(
      (x) => [
        F.dropout(x.transpose(0, 2), options()),
        F.dropout(x.slice(0, 0, 1).slice(1, 0, 1).slice(2, 0, 1).expand([4, 5, 6]), options()),
      ],
      constant(uniform([7, 5, 9])),
    ),

  "gives gradients of gradients through a mask that the host drew": ({ compare }) =>
    compare(
      (x) => {
        const h: Tensor = F.dropout(x, options());
        return F.dropout(h.mul(h), options());
      },
      uniform([31, 3]),
    ),

  ...each(
    KINDS,
    ({ op }) => `lays that part of a mask that the host drew on each part of a batch: ${op}`,
    ({ op, shape }, { backend, compare }) =>
      compare((x) => {
        if (x.backend !== backend) return F[op](x, options());
        const { generator } = options();
        return cat(
          shards({ count: 4, total: 13 }, ({ start, rows }) => F[op](x.slice(0, start, start + rows), { ...options(), generator })),
        );
      }, uniform(shape)),
  ),
};
