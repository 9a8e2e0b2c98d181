import { withScope } from "../autograd/scope";
import { isPlainObject, isTensor, raw } from "../errors/brand";
import { refusePromise } from "../errors/misuse";
import { checkFunction } from "../errors/options";
import { checkTensor } from "../ops/binary";
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
  checkFunction("tidy", fn, "write tidy(() => { ... })");
  return withScope(true, () => refusePromise("tidy", fn()), tensorsIn);
}

/**
 * Lets a tensor survive the `tidy` around it, until `dispose()`.
 *
 * @param tensor Made inside the `tidy`, and not returned from it.
 * @returns It.
 * @throws TypeError for anything but a tensor, DisposedError for one that is gone already.
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
  checkTensor("keep", tensor).isKept = true;
  return tensor;
}

/** The tensors in a value: itself, or in arrays and plain objects at any depth, also such as refer to themselves. */
export function tensorsIn(value: unknown): Tensor[] {
  const found: Tensor[] = [];
  const seen = new Set<unknown>();
  // Not by recursion: a long linked list is a deep one.
  const open = [value];
  while (open.length > 0) {
    const next = open.pop();
    if (isTensor(next)) found.push(raw(next));
    else if ((Array.isArray(next) || isPlainObject(next)) && !seen.has(next)) {
      seen.add(next);
      for (const inner of Object.values(next as object)) open.push(inner);
    }
  }
  return found;
}
