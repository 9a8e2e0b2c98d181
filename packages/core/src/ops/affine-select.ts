import { gradMode } from "../autograd/grad-mode";
import { GradNode, type Layout, type Primitive } from "../autograd/node";
import { run } from "../autograd/run";
import { InPlaceError } from "../errors/errors";
import { type Affine, dropoutSpec, gradientAffine, type MaskKey } from "../random/mask-key";
import type { Tensor } from "../tensor/tensor";
import { computedLayout, runContiguous } from "./layout";

interface SelectAttrs {
  readonly key: MaskKey;
  readonly affine: Affine;
}

/**
 * The one primitive of the dropout family. Its gradient is itself with another affine map and the same key: the mask is drawn again, so the
 * graph holds nothing but the key, and gradients of gradients take no new call.
 */
const selectPrimitive: Primitive<SelectAttrs> = {
  name: "dropout",
  forward: ([x], { key, affine }) => computedLayout(x.storage.device, x.dtype, x.sizes, (out) => lay(key, affine, x.layout, out)),
  backward: (node, grad) => [applySelect(grad, node.attrs.key, gradientAffine(node.attrs.affine))],
};

/** A new tensor with the affine select of `key` applied. A value repeated by strides of 0 is not written out first. */
export function applySelect(x: Tensor, key: MaskKey, affine: Affine): Tensor {
  return isRepeated(x) ? run(selectPrimitive, [x], { key, affine }) : runContiguous(selectPrimitive, [x], { key, affine });
}

/** The same in place: overwrites x and makes it the result of the select, for the backward pass. Call `checkInPlace` first. */
export function applySelectInPlace(x: Tensor, key: MaskKey, affine: Affine): Tensor {
  if (x.isContiguous()) {
    lay(key, affine, x.layout, x.layout);
  } else {
    // The mask goes by logical index, so strided data takes a detour through a contiguous copy.
    const copy = computedLayout(x.storage.device, x.dtype, x.sizes, (out, kernels) => {
      kernels.copy(x.layout, out);
      lay(key, affine, out, out);
      kernels.copy(out, x.layout);
    });
    copy.storage.release();
  }
  x.storage.version++;
  if (gradMode.enabled && x.requiresGrad) x.node = new GradNode(selectPrimitive, { key, affine }, [x], x) as GradNode;
  return x;
}

/**
 * Refuses what cannot be edited in place: a leaf that requires a gradient (its value is the user's), elements that share memory, and, while
 * recording, a view (what it is a view of would not know of the edit).
 */
export function checkInPlace(op: string, x: Tensor): void {
  if (x.steps.some((stride, i) => stride === 0 && (x.sizes[i] as number) > 1)) {
    throw new InPlaceError(op, "expected no expanded tensor, got one - call contiguous() first, or leave inplace off");
  }
  const kind = x.node === null ? "leaf" : x.isView ? "view" : undefined;
  if (kind !== undefined && gradMode.enabled && x.requiresGrad) {
    throw new InPlaceError(op, `expected no ${kind}, got a ${kind} that requires a gradient - leave inplace off, or edit it under noGrad`);
  }
}

// --- internal helpers ---

/** Lays a mask over data, by the backend's kernel unless the key brings its own way. */
function lay(key: MaskKey, affine: Affine, x: Layout, out: Layout): void {
  if (key.apply) key.apply(affine, x, out);
  else x.storage.device.kernels.dropout(dropoutSpec(key, affine, x.shape), x, out);
}

function isRepeated({ steps }: Tensor): boolean {
  for (let i = 0; i < steps.length; i++) if (steps[i] !== 0) return false;
  return true;
}
