import { cat, type Tensor } from "@dropwise/core";
import type { Rows } from "../data/source";
import { trainWithModule } from "../programs/1-module";
import type { Batches } from "../programs/lesson";
import { datasetOf, loaderOf } from "../programs/programs";

/** How fast a backend trains the first program, once it is warm. */
export interface Speed {
  /** Steps per second of the loop as it stands there: a loader with shuffle, and the loss awaited in each step. */
  readonly stepsPerSecond: number;
  /** The part of that time which the loader takes: the same loop over ready batches does without. */
  readonly loaderShare: number;
}

/** What a measurement should take: long against a clock's steps, short against a reader's patience. */
const SLICE_SECONDS = 0.06;

/** A loop is warm when the last measurements are as good as those before, but for this part. */
const STEADY = 0.05;
const MOST_WARMING = 12;

/** Measurements of each loop, in turns; their median counts. */
const ROUNDS = 5;

/** Measures on the default backend. */
export async function measureSpeed(rows: Rows, seed: bigint): Promise<Speed> {
  const dataset = datasetOf(rows);
  const loader = loaderOf(dataset, seed);
  const ready: (readonly [Tensor, Tensor])[] = [];
  for (const [x, y] of loader) ready.push([cat([x]), cat([y])]);

  let epochs = 1;
  const stepsPerSecond = async (loader: Batches): Promise<number> => {
    const start = performance.now();
    await trainWithModule({ features: rows.features, loader, epochs, onEpoch: () => {} });
    return (epochs * ready.length) / ((performance.now() - start) / 1000);
  };
  let best = await stepsPerSecond(loader);
  for (let i = 0, isSteady = false; i < MOST_WARMING && !isSteady; i++) {
    epochs = Math.max(1, Math.round((best * SLICE_SECONDS) / ready.length));
    const speed = await stepsPerSecond(loader);
    isSteady = i > 1 && speed < best * (1 + STEADY);
    best = Math.max(best, speed);
  }
  const loaded: number[] = [];
  const bare: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    loaded.push(await stepsPerSecond(loader));
    bare.push(await stepsPerSecond(ready));
  }
  for (const x of [...dataset.tensors, ...ready.flat()]) x.dispose();
  const [withLoader, without] = [median(loaded), median(bare)];
  return { stepsPerSecond: withLoader, loaderShare: Math.max(0, 1 - withLoader / without) };
}

// --- internal helpers ---

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] as number;
}
