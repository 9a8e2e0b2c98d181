/** The life of a batch: made outside the graph, kept whatever scope is open, and freed by the loader that made it. */
import { withGradMode } from "../autograd/grad-mode";
import { withScope } from "../autograd/scope";
import { isPromise } from "../errors/brand";
import type { Tensor } from "../tensor/tensor";
import { tensorsIn } from "../tensor/tidy";
import type { BatchWatcher } from "./batch-watcher";

/**
 * What `fn` makes, without a graph: the tensors in it live on until they are disposed, and all others that were made on the way are freed. Where `fn` gives a
 * promise, it is not known yet which are which, and none is freed. `tensorsOf` may be a shorter way to the tensors in it, and `watcher` the list
 * by which the garbage collector frees what nobody does.
 */
export function makeBatch<T>(fn: () => T, tensorsOf: (batch: T) => readonly Tensor[] = tensorsIn, watcher?: BatchWatcher): T {
  return withGradMode(false, () =>
    withScope(true, fn, (batch) => {
      if (isPromise(batch)) return ALL;
      for (const x of tensorsOf(batch)) {
        x.isKept = true;
        watcher?.register(x);
      }
      return [];
    }),
  );
}

/** What a step makes of a batch. Tensors of the batch that it does not pass on are freed, as all are where it throws. */
export function replaceBatch<B, C>(batch: B, step: (batch: B) => C): C {
  const before = tensorsIn(batch);
  let after: readonly Tensor[] = [];
  try {
    const result = makeBatch(() => step(batch));
    after = tensorsIn(result);
    return result;
  } finally {
    for (const x of before) if (!after.includes(x)) x.dispose();
  }
}

/** Frees a batch of a loader, and has its tensors say who did. */
export function freeBatch(batch: unknown): void {
  for (const x of tensorsIn(batch)) {
    if (x.isDisposed) continue;
    x.dispose();
    x.fate = FREED;
  }
}

/** Frees a batch that nobody waits for, once it is there. */
export function abandon(batch: PromiseLike<unknown>): void {
  batch.then(freeBatch, () => {});
}

// --- internal helpers ---

/** All the tensors of a scope. */
const ALL = { includes: () => true } as unknown as readonly Tensor[];

const FREED =
  "expected a live tensor, got one of a batch that its DataLoader freed when the loop went on or was left - copy what is to stay: cat([x])";
