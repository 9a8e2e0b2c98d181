import { ANY, type Inputs, type Primitive } from "../autograd/node";
import { composed } from "../autograd/scope";
import { type Affine, dropoutSpec, gradientAffine, type MaskKey } from "../random/mask-key";
import { sizeOf } from "../shape/shape";
import type { Tensor } from "../tensor/tensor";
import { applySelect } from "./affine-select";
import { reluGrad } from "./arithmetic";
import { computedLayout, runContiguous } from "./layout";
import { linearGradients } from "./matmul";

interface Attrs {
  readonly key: MaskKey;
  readonly affine: Affine;
}

/** `dropout(x weight^T + bias)` in one kernel. Its gradients are those of `linear`, of the gradient with the same mask. */
const linearDropoutPrimitive = /* @__PURE__ */ primitive(undefined);

/** The same with a relu between them, whose gradient reads the output: what is above 0 was so before dropout, and what was dropped has no gradient. */
const linearReluDropoutPrimitive = /* @__PURE__ */ primitive("relu");

/** Both for `x` `[..., in]`, on a device that `takesEpilogue`. The mask is that of the output, row by row. */
export function fusedLinearDropout(
  [x, ...others]: readonly [Tensor, Tensor, Tensor?],
  activation: "relu" | undefined,
  key: MaskKey,
  affine: Affine,
): Tensor {
  const rest = others.filter((input) => input !== undefined);
  const [weight] = rest as [Tensor];
  const [columns, rows] = [x.sizes.at(-1) as number, sizeOf(x.sizes.slice(0, -1))];
  const own = { affine, key: { ...key, shape: [rows, weight.sizes[0] as number] } };
  const fused = activation === undefined ? linearDropoutPrimitive : linearReluDropoutPrimitive;
  if (x.sizes.length === 2) return runContiguous(fused, [x, ...rest], own);
  return composed(() =>
    runContiguous(fused, [x.reshape([rows, columns]), ...rest], own).reshape([...x.sizes.slice(0, -1), weight.sizes[0] as number]),
  );
}

/** Whether a device does it: its backend knows what an epilogue is. */
export function takesEpilogue({ storage }: Tensor): boolean {
  const { backend } = storage.device;
  return backend.info.contract === 2 && backend.linear !== undefined;
}

// --- internal helpers ---

function primitive(activation: "relu" | undefined): Primitive<Attrs> {
  return {
    name: activation === undefined ? "linearDropout" : "linearReluDropout",
    reads: [0b10, 0b01],
    readsOutput: activation === undefined ? 0 : ANY,
    forward(inputs: Inputs, { key, affine }) {
      const [x, weight, bias] = inputs as unknown as [Tensor, Tensor, Tensor?];
      const shape = [x.sizes[0] as number, weight.sizes[0] as number];
      return computedLayout(x.storage.device, x.dtype, shape, (out, kernels) =>
        kernels.linear?.(x.layout, weight.layout, bias?.layout ?? null, out, { activation, dropout: dropoutSpec(key, affine, shape) }),
      );
    },
    backward(node, incoming) {
      const { key, affine } = node.attrs;
      const kept = applySelect(incoming, key, gradientAffine(affine));
      const grad = activation === undefined ? kept : reluGrad(kept, node.output());
      return linearGradients(node, grad);
    },
  };
}
