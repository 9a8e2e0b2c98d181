import { ShapeError } from "../errors/errors";
import { checkTensor } from "../ops/binary";
import { matmul } from "../ops/matmul";
import { formatShape } from "../shape/shape";
import type { Tensor } from "../tensor/tensor";

/**
 * The products of two batches of matrices, pair by pair; unlike `matmul`, nothing broadcasts. Mirrors
 * [torch.bmm](https://docs.pytorch.org/docs/stable/generated/torch.bmm.html).
 *
 * @param input `[B, M, K]`; float32 or float64.
 * @param other `[B, K, N]`.
 * @returns `[B, M, N]`.
 * @throws ShapeError for other shapes, TypeError for integers.
 */
export function bmm(input: Tensor, other: Tensor): Tensor {
  const a = checkTensor("bmm", input);
  const b = checkTensor("bmm", other);
  const fits = a.sizes.length === 3 && b.sizes.length === 3 && a.sizes[0] === b.sizes[0] && a.sizes[2] === b.sizes[1];
  if (!fits) {
    const detail = `expected [B, M, K] and [B, K, N], got ${formatShape(a.sizes)} and ${formatShape(b.sizes)} - matmul broadcasts`;
    throw new ShapeError("bmm", [a.sizes, b.sizes], detail);
  }
  return matmul(a, b);
}
