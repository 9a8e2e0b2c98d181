import { checkInputs } from "../autograd/run";
import { composed } from "../autograd/scope";
import { checkTensor } from "../ops/binary";
import { broadcastShapes } from "../shape/shape";
import type { Tensor } from "../tensor/tensor";

/**
 * Where both are not 0; bool, broadcast. Mirrors [torch.logical_and](https://docs.pytorch.org/docs/stable/generated/torch.logical_and.html).
 *
 * @param a Any shape and dtype.
 * @param b Of a shape that broadcasts with it.
 * @throws ShapeError for shapes that do not broadcast.
 */
export function logicalAnd(a: Tensor, b: Tensor): Tensor {
  return counted("logicalAnd", a, b, 1);
}

/**
 * Where at least one is not 0; bool, broadcast. Mirrors [torch.logical_or](https://docs.pytorch.org/docs/stable/generated/torch.logical_or.html).
 *
 * @param a Any shape and dtype.
 * @param b Of a shape that broadcasts with it; errors as for `logicalAnd`.
 */
export function logicalOr(a: Tensor, b: Tensor): Tensor {
  return counted("logicalOr", a, b, 0);
}

/**
 * Where the input is 0; bool. Mirrors [torch.logical_not](https://docs.pytorch.org/docs/stable/generated/torch.logical_not.html).
 *
 * @param input Any shape and dtype.
 */
export function logicalNot(input: Tensor): Tensor {
  return checkTensor("logicalNot", input).eq(0);
}

/**
 * Where the input is NaN; bool. Mirrors [torch.isnan](https://docs.pytorch.org/docs/stable/generated/torch.isnan.html).
 *
 * @param input Any shape and dtype.
 */
export function isnan(input: Tensor): Tensor {
  const x = checkTensor("isnan", input);
  return x.ne(x);
}

// --- internal helpers ---

/** Where more than `few` of the two are not 0. */
function counted(op: string, first: Tensor, second: Tensor, few: number): Tensor {
  const [a, b] = [checkTensor(op, first), checkTensor(op, second)];
  checkInputs(op, [a, b]);
  broadcastShapes(op, a.sizes, b.sizes);
  return composed(() => a.ne(0).add(b.ne(0)).gt(few));
}
