/** Masks that the host draws and that are kept: kernels lay them over data as they lay their own. */
import { functional as F, Generator, type Tensor } from "@dropwise/core";
import { torchCpu } from "@dropwise/core/streams";
import type { Family } from "../../case";
import { constant, uniform } from "../../inputs";

const options = () => ({ p: 0.4, training: true, generator: new Generator(23, { stream: torchCpu }) });

/** PyTorch's CPU stream, whose masks no kernel draws. */
export const keptMasks: Family = {
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
};
