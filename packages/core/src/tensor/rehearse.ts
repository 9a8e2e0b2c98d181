import { gradMode } from "../autograd/grad-mode";
import type { Backend } from "../backend/backend";
import { deviceOf } from "../cpu/device-of";
import { isPromise } from "../errors/brand";
import { refusePromise } from "../errors/misuse";
import { checkFunction } from "../errors/options";
import { defaultGenerator } from "../random/generator";
import { rewinding } from "../random/rewinding";
import type { Tensor } from "./tensor";
import { keep, tidy } from "./tidy";

/**
 * Calls `fn` for the kernels that it asks for, on a backend that meanwhile notes them and computes nothing, and puts back what core counts on the host: the
 * states of generators, gradients, the steps of optimizers, schedulers and averages. Tensors that `fn` makes are disposed of, and memory that they had
 * is never used again; none that was there before is given up, but by `fn` itself.
 *
 * @param op Who calls, for messages.
 * @param backend The one that computes nothing.
 * @param fn A training step, say. Returns at once.
 * @throws TypeError for an async function; and what `fn` throws, with everything put back.
 */
export function rehearse(op: string, backend: Backend, fn: () => unknown): void {
  checkFunction(op, fn, `write ${op}(() => { ... })`);
  const device = deviceOf(backend, op);
  const grads = new Map<Tensor, Tensor | null>();
  const changing = (owner: Tensor): void => {
    if (grads.has(owner)) return;
    const { gradient } = owner;
    grads.set(owner, gradient);
    // What is given up meanwhile is another tensor on the same memory.
    if (gradient?.isDisposed === false) owner.gradient = keep(gradient.alias());
  };
  const { rehearsal } = gradMode;
  // It may be seeded without being drawn from.
  const generator = defaultGenerator();
  const state = generator.getState();
  // Memory from before must not be given out, nor memory from here afterwards.
  device.emptyPool();
  gradMode.rehearsal = changing;
  try {
    tidy(() => {
      rewinding((states) => {
        refusePromise(op, silenced(fn()));
        states.rewind();
      });
    });
  } finally {
    gradMode.rehearsal = rehearsal;
    for (const [owner, gradient] of grads) {
      if (owner.gradient !== gradient) owner.gradient?.dispose();
      if (owner.isDisposed) gradient?.dispose();
      else owner.gradient = gradient;
    }
    generator.setState(state);
    device.emptyPool();
  }
}

// --- internal helpers ---

/** The rest of an async function meets tensors that are gone: nobody waits for what it says of that. */
function silenced(result: unknown): unknown {
  if (isPromise(result)) result.then(undefined, () => {});
  return result;
}
