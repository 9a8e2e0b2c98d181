import type { Inputs, Primitive } from "../autograd/node";
import { checkInputs, run } from "../autograd/run";
import { composed } from "../autograd/scope";
import { promote } from "../dtype/dtype";
import { ShapeError } from "../errors/errors";
import { type OptionKinds, optionsOf } from "../errors/options";
import { wrongType } from "../errors/refusal";
import { formatShape, normalizeDim, type Shape, sameShape } from "../shape/shape";
import type { Tensor } from "../tensor/tensor";
import { checkTensor } from "./binary";
import { computedLayout, runCast } from "./layout";
import { type SliceAttrs, sliceLayout, slicePrimitive } from "./slice";
import { unsqueeze } from "./views";

/** Inputs at places of a tensor of `shape`, none over another, and zeros where there is none. */
export const catPrimitive: Primitive<{ readonly shape: Shape; readonly places: readonly SliceAttrs[] }> = {
  name: "cat",
  forward: (inputs, { shape, places }) =>
    computedLayout(inputs[0].storage.device, inputs[0].dtype, shape, (out, kernels) => {
      const covered = places.reduce((sum, { count }) => sum + count, 0);
      if (covered < (shape[(places[0] as SliceAttrs).dim] as number)) kernels.fill(out, 0);
      inputs.forEach((x, i) => {
        kernels.copy(x.layout, sliceLayout(out, places[i] as SliceAttrs));
      });
    }),
  backward: (node, grad) => node.attrs.places.map((place, i) => (node.needs(i) ? run(slicePrimitive, [grad], place) : null)),
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
  let end = 0;
  const places = tensors.map(({ sizes }) => {
    const count = sizes[at] as number;
    end += count;
    return { dim: at, start: end - count, step: 1, count };
  });
  const shape = first.sizes.map((size, i) => (i === at ? end : size));
  return runCast(catPrimitive, tensors, { shape, places }, tensors.map((x) => x.dtype).reduce(promote));
}
