import { composed } from "../autograd/scope";
import { checkInteger, optionsOf } from "../errors/options";
import { wrongType } from "../errors/refusal";
import { checkTensor } from "../ops/binary";
import { cat } from "../ops/cat";
import { normalizeDim } from "../shape/shape";
import type { Tensor } from "../tensor/tensor";
import { copyOf } from "./copies";

/**
 * The sums of all elements up to each, along a dimension; of bool the int32 counts. Added in about log2(size) steps, so that float sums may round
 * otherwise than one after the other. Mirrors [torch.cumsum](https://docs.pytorch.org/docs/stable/generated/torch.cumsum.html).
 *
 * @param input Any shape.
 * @param options `dim`: which dimension; has no default.
 * @throws RangeError for a dim that is not there, TypeError without one.
 * @example
 * ```ts
 * console.log(F.cumsum(tensor([1, 2, 3]), { dim: 0 }).dataSync().join(" ")); // 1 3 6
 * ```
 */
export function cumsum(input: Tensor, options: { dim: number }): Tensor {
  const { dim } = optionsOf<{ dim: number }>("cumsum", options, { dim: "any" });
  if (dim === undefined) throw wrongType("cumsum", "{ dim }", options, "name the dimension");
  checkInteger("cumsum", "dim", dim);
  const x = checkTensor("cumsum", input);
  const at = normalizeDim("cumsum", dim, x.sizes.length);
  const size = x.sizes[at] ?? 1;
  return composed(() => {
    let sums = copyOf(x.dtype === "bool" ? x.type("int32") : x);
    // After each step every element is the sum of twice as many.
    for (let span = 1; span < size; span *= 2) {
      sums = cat([sums.slice(at, 0, span), sums.slice(at, span).add(sums.slice(at, 0, size - span))], { dim: at });
    }
    return sums;
  });
}
