import { refusePromise } from "../autograd/grad-mode";
import { withScope } from "../autograd/scope";
import { isBranded } from "../backend/shared";
import { describe } from "../errors/errors";
import type { Tensor } from "./tensor";

/**
 * Runs `fn` and frees the tensors and graphs made inside. What survives: tensors in what it returns (a tensor, or arrays and plain objects
 * of them), tensors given to `keep`, parameters and their `grad`, buffers and optimizer state.
 *
 * A graph made inside ends with it: call `backward()` inside. Scopes may be nested. PyTorch has no counterpart: Python counts references.
 *
 * @param fn Returns at once; is called once.
 * @returns What `fn` returned.
 * @throws TypeError for an async function, whose later parts would run outside the scope; and what `fn` throws, with everything freed.
 * @example
 * ```ts
 * const model = new nn.Linear(3, 1);
 * const before = memory().tensors;
 * const loss = tidy(() => {
 *   const loss = F.mseLoss(model.forward(ones([4, 3])), zeros([4, 1]));
 *   loss.backward();
 *   return loss.detach();
 * });
 * console.log(memory().tensors - before); // 3
 * console.log(loss.isDisposed); // false
 * ```
 */
export function tidy<T>(fn: () => T): T {
  if (typeof fn !== "function") throw new TypeError(`tidy: expected a function, got ${describe(fn)}`);
  return withScope(true, () => refusePromise("tidy", fn()), tensorsIn);
}

/**
 * Lets a tensor survive the `tidy` around it, until `dispose()`.
 *
 * @param tensor Made inside the `tidy`, and not returned from it.
 * @returns It.
 * @throws TypeError for anything but a tensor.
 * @example
 * ```ts
 * const seen: Tensor[] = [];
 * tidy(() => {
 *   seen.push(keep(ones([2])));
 * });
 * console.log(seen[0]?.isDisposed); // false
 * ```
 */
export function keep<T extends Tensor>(tensor: T): T {
  if (!isTensor(tensor)) throw new TypeError(`keep: expected a Tensor, got ${describe(tensor)}`);
  tensor.isKept = true;
  return tensor;
}

/** True for a `value` that is a tensor, a parameter or a buffer, from whichever copy of core (a process may load it as ESM and as CommonJS). */
export function isTensor(value: unknown): value is Tensor {
  return isBranded(value, "Tensor", "Parameter", "Buffer");
}

// --- internal helpers ---

/** The tensors in a value: itself, or in arrays and plain objects at any depth. */
function tensorsIn(value: unknown): Tensor[] {
  if (isTensor(value)) return [value];
  if (Array.isArray(value)) return value.flatMap(tensorsIn);
  if (typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype) {
    return Object.values(value).flatMap(tensorsIn);
  }
  return [];
}
