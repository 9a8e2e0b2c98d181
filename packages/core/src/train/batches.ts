import { type AbortSignalLike, throwIfAborted, unlessAborted } from "../data/signal";
import { refusal, wrongType } from "../errors/refusal";

/** One batch: what goes into the model's `forward`, and last the target. */
export type Batch = readonly unknown[];

/** Anything that can be looped over for batches, more than once: a `DataLoader`, an array. */
export type Batches = Iterable<Batch> | AsyncIterable<Batch>;

/** Refuses what cannot be looped over. */
export function checkBatches(op: string, loader: Batches): void {
  // A typed array has no batches, and an engine's error for one that was transferred.
  const isObject = typeof loader === "object" && loader !== null && !ArrayBuffer.isView(loader);
  const { [Symbol.iterator]: now, [Symbol.asyncIterator]: later } = (isObject ? loader : {}) as {
    [Symbol.iterator]?: unknown;
    [Symbol.asyncIterator]?: unknown;
  };
  if (typeof now !== "function" && typeof later !== "function") throw wrongType(op, "batches to loop over", loader, ADVICE);
}

/** One pass, as `for await` makes it, but that a signal ends it at once, also while it waits for a batch. Whoever leaves it closes the loader's iterator. */
export async function* passOver(op: string, loader: Batches, signal: AbortSignalLike | undefined): AsyncGenerator<Batch, void, undefined> {
  throwIfAborted(signal);
  const iterator = Symbol.asyncIterator in loader ? loader[Symbol.asyncIterator]() : loader[Symbol.iterator]();
  if (typeof iterator?.next !== "function") throw wrongType(op, "batches to loop over", loader, ADVICE);
  let isWaiting = false;
  let isDone = false;
  try {
    while (true) {
      throwIfAborted(signal);
      isWaiting = true;
      const { done, value } = await unlessAborted(Promise.resolve(iterator.next()), signal);
      isWaiting = false;
      isDone = done === true;
      if (isDone) return;
      yield value as Batch;
    }
  } finally {
    // One that waits closes when it is done waiting, which may be never; one that failed is closed.
    if (isWaiting && signal?.aborted) Promise.resolve(iterator.return?.()).catch(() => {});
    else if (!isWaiting && !isDone) await iterator.return?.();
  }
}

/** What goes in and what is right. */
export function partsOf(op: string, batch: unknown): { inputs: readonly unknown[]; target: unknown } {
  if (!Array.isArray(batch) || batch.length < 2) {
    if (Array.isArray(batch)) throw refusal(op, "batches as [input, target]", `an array of ${batch.length}`, TRANSFORM);
    throw wrongType(op, "batches as [input, target]", batch, TRANSFORM);
  }
  return { inputs: batch.slice(0, -1), target: batch.at(-1) };
}

// --- internal helpers ---

const ADVICE = "pass a DataLoader, or an array of [input, target]";
const TRANSFORM = "give the loader a transform that makes them";
