import { isPlainObject } from "../errors/brand";
import { checkInteger } from "../errors/options";
import { wrongType, wrongValue } from "../errors/refusal";
import type { Generator } from "../random/generator";

/** Where a loader stands, as `stateDict` gives it. */
export interface DataLoaderStateDict {
  /** Batches of the pass that were given out; 0 where none has begun. */
  readonly batch: number;
  /** The loader's, which the state fits alone. */
  readonly batchSize: number;
  /** Samples in a pass. */
  readonly samples: number;
  /** The generator's state before the pass drew its order; null where it draws none, or none has begun. */
  readonly order: Uint8Array | null;
}

/** The pass that began last, as far as a state tells of it. */
export interface Progress {
  /** Batches given out. */
  batch: number;
  /** The generator's state before the order was drawn. */
  order: Uint8Array | null;
  /** The next pass goes on from here: it draws the order again, and leaves out what was given out. */
  isLoaded: boolean;
}

/** Of a loader that was not looped over yet. */
export const newProgress = (): Progress => ({ batch: 0, order: null, isLoaded: false });

/** Draws the order of the pass that `progress` goes on with, or of a new one. The generator ends where it stood, if it drew for that pass before. */
export function drawOrder<T>(progress: Progress, source: Generator, draw: () => T): T {
  const now = source.getState();
  if (!progress.isLoaded || progress.order === null) {
    progress.order = now;
    return draw();
  }
  source.setState(progress.order);
  try {
    return draw();
  } finally {
    source.setState(now);
  }
}

/** What a state says, if it fits a loader of these sizes. */
export function checkLoaderState(state: unknown, batchSize: number, samples: number, batches: number): Progress {
  const op = "loadStateDict";
  if (!isPlainObject(state)) throw wrongType(op, "{ batch, batchSize, samples, order } as stateDict() gives it", state);
  const given = { ...(state as Partial<DataLoaderStateDict>) };
  checkInteger(op, "batch", given.batch, 0);
  if (given.batchSize !== batchSize) throw wrongValue(op, `the state of a loader with batches of ${batchSize}`, given.batchSize);
  if (given.samples !== samples) throw wrongValue(op, `the state of a pass over ${samples} samples`, given.samples);
  if (given.batch > batches) throw wrongValue(op, `at most ${batches} batches`, given.batch);
  if (given.order === null) return { batch: given.batch, order: null, isLoaded: true };
  if (!(given.order instanceof Uint8Array) || given.order.length === 0) throw wrongType(op, "order to be bytes or null", given.order);
  return { batch: given.batch, order: given.order.slice(), isLoaded: true };
}
