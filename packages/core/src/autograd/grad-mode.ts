import { shared } from "../backend/shared";
import { refusePromise } from "../errors/misuse";
import { checkFunction } from "../errors/options";
import type { Tensor } from "../tensor/tensor";

interface GradMode {
  /** Whether operations are recorded for a backward pass. */
  enabled: boolean;
  /** There while a training step runs that is to leave no trace; told of each tensor whose `grad` is about to change. See `rehearse`. */
  rehearsal?: ((owner: Tensor) => void) | undefined;
}

export const gradMode: GradMode = /* @__PURE__ */ shared("gradMode", () => ({ enabled: true }));

/**
 * Runs `fn` without recording operations: results do not require gradients, and nothing is held for a backward pass.
 * Mirrors [torch.no_grad](https://docs.pytorch.org/docs/stable/generated/torch.no_grad.html).
 *
 * @param fn Returns at once; is called once.
 * @returns What `fn` returned.
 * @throws TypeError for an async function, whose later parts would run with recording on again.
 * @example
 * ```ts
 * const model = new nn.Linear(3, 1);
 * const prediction = noGrad(() => model.forward(ones([1, 3])));
 * console.log(prediction.requiresGrad); // false
 * ```
 */
export function noGrad<T>(fn: () => T): T {
  return called(false, "noGrad", fn);
}

/** Runs `fn` with recording on, also inside `noGrad`; errors as there. Mirrors [torch.enable_grad](https://docs.pytorch.org/docs/stable/generated/torch.enable_grad.html). */
export function enableGrad<T>(fn: () => T): T {
  return called(true, "enableGrad", fn);
}

/** True when operations are being recorded. */
export function isGradEnabled(): boolean {
  return gradMode.enabled;
}

/** Runs `fn` with recording on or off, and puts it back, also after an error. */
export function withGradMode<T>(enabled: boolean, fn: () => T): T {
  const before = gradMode.enabled;
  gradMode.enabled = enabled;
  try {
    return fn();
  } finally {
    gradMode.enabled = before;
  }
}

// --- internal helpers ---

/** `withGradMode` for a function that a user gave. */
function called<T>(enabled: boolean, op: string, fn: () => T): T {
  checkFunction(op, fn, `write ${op}(() => { ... })`);
  return withGradMode(enabled, () => refusePromise(op, fn()));
}
