import { noGrad } from "../autograd/grad-mode";
import { wrongType, wrongValue } from "../errors/refusal";
import { overwrite } from "../ops/overwrite";
import type { Tensor } from "../tensor/tensor";
import { keep, tidy } from "../tensor/tidy";
import { ownsMemory } from "../tensor/transfer";
import { tensorsOf } from "./parameter";

/**
 * Brings every element of the gradients into `[-clipValue, clipValue]`. Mirrors
 * [torch.nn.utils.clip_grad_value_](https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.clip_grad_value_.html).
 *
 * @param parameters A tensor or several; those without a gradient are passed over.
 * @param clipValue At least 0.
 * @throws RangeError for a negative or NaN `clipValue`, TypeError for what is no number or no tensors, OutOfMemoryError. No gradient is changed then.
 * @example
 * ```ts
 * const w = new nn.Parameter(tensor([1, -5]));
 * w.mul(w).sum().backward();
 * nn.clipGradValue([w], 3);
 * console.log(String(w.grad)); // Tensor([2, -3], [2], float32, cpu)
 * ```
 */
export function clipGradValue(parameters: Tensor | Iterable<Tensor>, clipValue: number): void {
  if (typeof clipValue !== "number") throw wrongType("clipGradValue", "clipValue to be a number", clipValue);
  if (!(clipValue >= 0)) throw wrongValue("clipGradValue", "clipValue of 0 or more", clipValue);
  const owners = new Set(tensorsOf("clipGradValue", parameters).filter(({ grad }) => grad !== null));
  noGrad(() =>
    tidy(() => {
      const clipped = [...owners].map(
        (owner) => [owner, owner.grad as Tensor, (owner.grad as Tensor).clamp({ min: -clipValue, max: clipValue })] as const,
      );
      // All memory is there; from here on nothing fails.
      for (const [owner, grad, value] of clipped) {
        if (ownsMemory(grad)) overwrite(grad, value);
        else {
          // A differentiable gradient may share its memory.
          owner.grad = keep(value);
          grad.dispose();
        }
      }
    }),
  );
}
