import type { Inputs, Primitive } from "../autograd/node";
import { checkInputs } from "../autograd/run";
import { composed } from "../autograd/scope";
import { promote } from "../dtype/dtype";
import { ShapeError } from "../errors/errors";
import { type OptionKinds, optionsOf } from "../errors/options";
import { wrongType } from "../errors/refusal";
import { formatShape, normalizeDim, sameShape } from "../shape/shape";
import type { Tensor } from "../tensor/tensor";
import { checkTensor } from "./binary";
import { computedLayout, runCast } from "./layout";
import { sliceLayout } from "./slice";
import { slice, unsqueeze } from "./views";

const catPrimitive: Primitive<number> = {
  name: "cat",
  forward(inputs, dim) {
    const [first] = inputs;
    const total = inputs.reduce((sum, x) => sum + (x.sizes[dim] as number), 0);
    const shape = first.sizes.map((size, i) => (i === dim ? total : size));
    return computedLayout(first.storage.device, first.dtype, shape, (out, kernels) => {
      let start = 0;
      for (const x of inputs) {
        const count = x.sizes[dim] as number;
        kernels.copy(x.layout, sliceLayout(out, { dim, start, step: 1, count }));
        start += count;
      }
    });
  },
  backward(node, grad) {
    let start = 0;
    return node.shapes.map((shape, i) => {
      const from = start;
      start += shape[node.attrs] as number;
      return node.needs(i) ? slice(grad, node.attrs, from, start) : null;
    });
  },
};

/**
 * Joins tensors along an existing dimension. Mirrors [torch.cat](https://docs.pytorch.org/docs/stable/generated/torch.cat.html).
 *
 * @param tensors At least one, of at least one dimension, all of one shape but for `dim`; mixed dtypes meet in the widest.
 * @param options `dim`: default 0; negative ones count from the end.
 * @throws TypeError for anything but a non-empty array of tensors, ShapeError for shapes that do not fit, RangeError for a dim that is not there.
 * @example
 * ```ts
 * console.log(cat([ones([2, 3]), zeros([2, 5])], { dim: 1 }).shape); // [ 2, 8 ]
 * ```
 */
export function cat(tensors: readonly Tensor[], options?: { dim?: number }): Tensor {
  const { dim = 0 } = optionsOf("cat", options, DIM);
  return join("cat", checkTensors("cat", tensors), dim);
}

/**
 * Joins tensors along a new dimension. Mirrors [torch.stack](https://docs.pytorch.org/docs/stable/generated/torch.stack.html).
 *
 * @param tensors At least one, all of one shape.
 * @param options `dim`: where the new dimension is; default 0, and -1 puts it last.
 * @throws As for `cat`.
 * @example
 * ```ts
 * console.log(stack([ones([3]), zeros([3])]).shape); // [ 2, 3 ]
 * ```
 */
export function stack(tensors: readonly Tensor[], options?: { dim?: number }): Tensor {
  const { dim = 0 } = optionsOf("stack", options, DIM);
  const list = checkTensors("stack", tensors);
  const first = list[0] as Tensor;
  const at = normalizeDim("stack", dim, first.sizes.length + 1);
  const other = list.find((x) => !sameShape(x.sizes, first.sizes));
  if (other !== undefined) {
    const detail = `expected equal shapes, got ${formatShape(first.sizes)} and ${formatShape(other.sizes)}`;
    throw new ShapeError("stack", [first.sizes, other.sizes], detail);
  }
  return composed(() => join("stack", list.map((x) => unsqueeze(x, at)) as unknown as Inputs, at));
}

// --- internal helpers ---

const DIM: OptionKinds<{ dim?: number }> = { dim: "any" };

function checkTensors(op: string, tensors: readonly Tensor[]): Inputs {
  if (!Array.isArray(tensors) || tensors.length === 0) throw wrongType(op, "a non-empty array of tensors", tensors);
  const list = Array.from(tensors, (x) => checkTensor(op, x));
  checkInputs(op, list);
  return list as unknown as Inputs;
}

function join(op: string, tensors: Inputs, dim: number): Tensor {
  const [first] = tensors;
  const at = normalizeDim(op, dim, first.sizes.length);
  for (const x of tensors) {
    const fits =
      x.sizes.length > 0 &&
      x.sizes.length === first.sizes.length &&
      x.sizes.every((s: number, i: number) => i === at || s === first.sizes[i]);
    if (!fits) {
      throw new ShapeError(
        op,
        [first.sizes, x.sizes],
        `expected sizes equal but for dim ${at}, got ${formatShape(first.sizes)} and ${formatShape(x.sizes)}`,
      );
    }
  }
  return runCast(catPrimitive, tensors, at, tensors.map((x) => x.dtype).reduce(promote));
}
