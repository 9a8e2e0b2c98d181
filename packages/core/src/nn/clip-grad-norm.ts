import { noGrad } from "../autograd/grad-mode";
import { composed } from "../autograd/scope";
import { wrongType, wrongValue } from "../errors/refusal";
import { div } from "../ops/arithmetic";
import { zeros } from "../tensor/creation";
import type { Tensor } from "../tensor/tensor";
import { keep } from "../tensor/tidy";
import { ownsMemory } from "../tensor/transfer";
import { tensorsOf } from "./parameter";

/**
 * Scales all gradients down, together, so that their common 2-norm is at most `maxNorm`; without waiting for a device. Mirrors
 * [torch.nn.utils.clip_grad_norm_](https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.clip_grad_norm_.html).
 *
 * @param parameters A tensor or several; those without a gradient are passed over.
 * @param maxNorm At least 0.
 * @returns The norm before, a scalar.
 * @throws RangeError for a negative or NaN `maxNorm`, TypeError for what is no number or no tensors, OutOfMemoryError. No gradient is changed then.
 */
export function clipGradNorm(parameters: Tensor | Iterable<Tensor>, maxNorm: number): Tensor {
  if (typeof maxNorm !== "number") throw wrongType("clipGradNorm", "maxNorm to be a number", maxNorm);
  if (!(maxNorm >= 0)) throw wrongValue("clipGradNorm", "maxNorm of 0 or more", maxNorm);
  const owners = tensorsOf("clipGradNorm", parameters).filter(({ grad }) => grad !== null);
  return noGrad(() =>
    composed(() => {
      const squares = owners.map(({ grad }) => (grad as Tensor).mul(grad as Tensor).sum());
      const norm = squares.length === 0 ? zeros([]) : squares.reduce((total, square) => total.add(square)).sqrt();
      // PyTorch's 1e-6 keeps the division finite where all gradients are 0.
      const factor = div(maxNorm, norm.add(1e-6)).clamp({ max: 1 });
      const writes = owners.map((owner) => scaling(owner, factor));
      // All memory is there; from here on nothing fails.
      for (const write of writes) write();
      return norm;
    }),
  );
}

// --- internal helpers ---

/** What multiplies the gradient of `owner`; takes the memory for it at once. */
function scaling(owner: Tensor, factor: Tensor): () => void {
  const grad = owner.grad as Tensor;
  if (ownsMemory(grad)) {
    const { kernels } = grad.storage.device;
    const repeated = factor.type(grad.dtype).expand(grad.sizes).layout;
    return () => {
      kernels.binary("mul", grad.layout, repeated, grad.layout);
      grad.storage.version++;
    };
  }
  // A differentiable gradient may share its memory, with another one or among its own elements.
  const scaled = grad.mul(factor);
  return () => {
    owner.grad = keep(scaled);
    grad.dispose();
  };
}
