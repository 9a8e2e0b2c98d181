import type { Split } from "../data/source";
import { seedPlus } from "../data/source";
import { predict } from "../programs/evaluate";
import type { Classifier } from "../programs/lesson";
import { PROGRAMS, type Program, trainProgram } from "../programs/programs";
import type { Screen } from "../terminal/screen";

/** What repeats and what does not, as found. */
export interface Determinism {
  /** Two passes over the test rows after `eval()` gave the same bits. */
  readonly evalRepeats: boolean;
  /** The share of test rows whose answer changed between two passes in training mode. */
  readonly trainChanges: number;
  /** A second training with the same seed gave the same loss in every epoch, to the last bit. */
  readonly sameSeedSameLosses: boolean;
  /** A training with the next seed gave other losses. */
  readonly otherSeedOtherLosses: boolean;
}

/** Epochs that the repeated trainings run, at most: equal or not shows in the first ones. */
const EPOCHS = 5;

/** Looks whether inference and training repeat. Leaves `model` in eval mode. */
export async function checkDeterminism(
  model: Classifier,
  split: Split,
  { seed, epochs }: { seed: bigint; epochs: number },
): Promise<Determinism> {
  model.train();
  const trainPasses = [await predict(model, split.test), await predict(model, split.test)] as const;
  model.eval();
  const evalPasses = [await predict(model, split.test), await predict(model, split.test)] as const;

  const losses = async (own: bigint): Promise<number[]> =>
    (await trainProgram(PROGRAMS[0] as Program, split.train, { seed: own, epochs: Math.min(epochs, EPOCHS) })).losses;
  const first = await losses(seed);
  return {
    evalRepeats: countChanges(...evalPasses) === 0,
    trainChanges: countChanges(...trainPasses) / split.test.count,
    sameSeedSameLosses: countChanges(first, await losses(seed)) === 0,
    otherSeedOtherLosses: countChanges(first, await losses(seedPlus(seed, 1))) > 0,
  };
}

/** Runs the check and shows what it found. */
export async function showDeterminism(
  model: Classifier,
  split: Split,
  { seed, epochs, screen }: { seed: bigint; epochs: number; screen: Screen },
): Promise<Determinism> {
  const found = await checkDeterminism(model, split, { seed, epochs });
  screen.heading("What repeats");
  screen.list([
    ["two passes in eval mode", found.evalRepeats ? "the same bits for every row" : "DIFFERENT answers"],
    ["two passes in training mode", `${(100 * found.trainChanges).toFixed(1)}% of the answers changed: each call draws a new mask`],
    [`training again with seed ${seed}`, found.sameSeedSameLosses ? "the same losses, bit for bit" : "DIFFERENT losses"],
    [`training with seed ${seedPlus(seed, 1)}`, found.otherSeedOtherLosses ? "other losses" : "THE SAME losses"],
  ]);
  return found;
}

// --- internal helpers ---

function countChanges(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let changes = 0;
  for (let i = 0; i < a.length; i++) if (!Object.is(a[i], b[i])) changes++;
  return changes;
}
