import { manualSeed } from "@dropwise/core";
import { type Split, seedPlus } from "../data/source";
import type { Classifier } from "../programs/lesson";
import type { Progress } from "../terminal/progress";
import { score, trainWide, WIDE_P } from "./wide";

/** What one model came to: accuracies as shares, and the loss on rows it has not learned from. */
export interface Measured {
  readonly train: number;
  readonly test: number;
  readonly testLoss: number;
}

/** One seed's two models: equal weights at the start, equal rows in equal order; only p differs. */
export interface SeedResult {
  readonly seed: bigint;
  readonly without: Measured;
  /** `leftOn`: the test accuracy in training mode, as of a model whose `eval()` was forgotten. */
  readonly with: Measured & { readonly leftOn: number };
}

/** The results, and the model with dropout of the first seed, in eval mode, with its rows. */
export interface Comparison {
  readonly results: SeedResult[];
  readonly model: Classifier;
  readonly split: Split;
}

/** Trains the wide model with and without dropout for each of `seeds` seeds, on the rows that `splitOf` gives for it. Advances once per epoch. */
export async function compareDropout(
  splitOf: (seed: bigint) => Split,
  { classes, seed, seeds, epochs, progress }: { classes: number; seed: bigint; seeds: number; epochs: number; progress: Progress },
): Promise<Comparison> {
  const results: SeedResult[] = [];
  let first: Omit<Comparison, "results"> | undefined;
  for (let i = 0; i < seeds; i++) {
    const own = seedPlus(seed, i);
    const split = splitOf(own);
    const plain = trainWide(split.train, { classes, p: 0, seed: own, epochs, progress });
    const dropped = trainWide(split.train, { classes, p: WIDE_P, seed: own, epochs, progress });
    results.push({
      seed: own,
      without: await measure(plain, split),
      with: { ...(await measure(dropped, split)), leftOn: await accuracyLeftOn(dropped, split, own) },
    });
    first ??= { model: dropped, split };
  }
  return { results, ...(first as Omit<Comparison, "results">) };
}

// --- internal helpers ---

async function measure(model: Classifier, { train, test }: Split): Promise<Measured> {
  const tested = await score(model, test);
  return { train: (await score(model, train)).accuracy, test: tested.accuracy, testLoss: tested.loss };
}

/** Leaves the model in eval mode. */
async function accuracyLeftOn(model: Classifier, { test }: Split, seed: bigint): Promise<number> {
  manualSeed(seed);
  model.train();
  const { accuracy } = await score(model, test);
  model.eval();
  return accuracy;
}
