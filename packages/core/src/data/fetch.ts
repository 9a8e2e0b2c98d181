/** From places to a batch: the dataset's own `batch`, or its samples put together; then the loader's `transform`. */

import { isPromise } from "../errors/brand";
import { describe } from "../errors/describe";
import { ShapeError } from "../errors/errors";
import { refusal, wrongType } from "../errors/refusal";
import { tensorsIn } from "../tensor/tidy";
import { abandon, freeBatch, makeBatch, replaceBatch } from "./batch";
import type { BatchWatcher } from "./batch-watcher";
import { collateSamples } from "./collate";
import { ROWS } from "./places";

/** Puts samples together as a batch. */
export type Collate = (samples: readonly unknown[]) => unknown;

/** The dataset, as this file asks it. */
interface Source {
  [ROWS]?(places: Int32Array, collate: Collate | undefined, watcher?: BatchWatcher): unknown;
  batch?(places: Int32Array): unknown;
  at?(place: number): unknown;
}

/** The samples at `places`, all of them there, as a batch, or the promise of it; where it is the loader's alone, on the list of `watcher`. */
export function fetchBatch(dataset: object, places: Int32Array, collate: Collate | undefined, watcher?: BatchWatcher): unknown {
  const source = dataset as Source;
  if (source[ROWS] !== undefined) return source[ROWS](places, collate, watcher);
  // What a user is given is the user's.
  if (source.batch !== undefined)
    return after(
      makeBatch(() => source.batch?.(places.slice())),
      (batch) => checkCount(batch, places.length),
    );
  return makeBatch(() => {
    const samples = Array.from(places, (place) => source.at?.(place));
    return after(samples.some(isPromise) ? Promise.all(samples) : samples, (samples) => collated(samples as unknown[], collate));
  });
}

/** What `next` makes of a value, or of what it is a promise of. */
export function after<T>(value: T | PromiseLike<T>, next: (value: T) => unknown): unknown {
  return isPromise(value) ? value.then(next as (value: unknown) => unknown) : next(value);
}

/** The batch that `transform` makes of one. */
export function transformed(batch: unknown, transform: (batch: never) => unknown): unknown {
  return replaceBatch(batch, (x) => atOnce("transform", transform(x as never)));
}

// --- internal helpers ---

function collated(samples: readonly unknown[], collate: Collate | undefined): unknown {
  if (collate === undefined) return collateSamples("DataLoader", samples);
  return makeBatch(() => atOnce("collate", collate(samples)));
}

/** What a function gave, unless that is a promise. */
function atOnce(option: string, result: unknown): unknown {
  if (!isPromise(result)) return result;
  abandon(result);
  throw refusal("DataLoader", `${option} to return at once`, "an async one", "wait in the dataset's at or batch");
}

/** Refuses a batch that is none, or has other than `count` samples. */
function checkCount(batch: unknown, count: number): unknown {
  if (typeof batch !== "object" || batch === null) throw wrongType("DataLoader", "a batch of tensors from the dataset", batch);
  for (const x of tensorsIn(batch)) {
    if (x.sizes[0] === count) continue;
    const error = new ShapeError(
      "DataLoader",
      [x.shape],
      `expected a batch of ${count} samples from the dataset, got ${describe(x)} - give a row for each place`,
    );
    freeBatch(batch);
    throw error;
  }
  return batch;
}
