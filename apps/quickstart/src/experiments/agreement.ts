/** How far two trainings on different backends may be expected to agree, and what to say of those that part. */

/** Losses are sums in float32, which backends add up in their own order: equal losses are equal to within this share of their size. */
const LOSS_TOLERANCE = 1e-3;

/**
 * A kernel that computes something else shows in the first epochs, and by more than this: rounding reaches the seventh digit there, on a GPU
 * perhaps the sixth. It needs longer to show in the third. It grows with each step, and jumps where a hidden value comes to lie so close to 0
 * that ReLU passes it on in one training and not in the other; from there the two go ways of their own.
 */
const EARLY_TOLERANCE = 1e-5;

/** How many the first epochs are. */
export const EARLY_EPOCHS = 5;

/** What a backend's losses look like beside those of the reference. */
export interface Agreement {
  readonly name: string;
  /** A mask of the same seed has the same bits as the reference's. */
  readonly sameMask: boolean;
  /** Epochs, from the first on, in which the losses of all programs are equal to within the tolerance. */
  readonly alikeEpochs: number;
  /** The largest relative difference of losses in the first few epochs. */
  readonly earlyDifference: number;
}

/** What rounding alone did to trainings on the reference whose inputs were changed in their last bit. */
export interface RoundingTest {
  readonly trainings: number;
  /** The epoch in which the first of them parted from the unchanged one; `null` if none did. */
  readonly partedIn: number | null;
}

/** Epochs, from the first on, whose losses are equal to within the tolerance. */
export function alikeFor(losses: readonly number[], reference: readonly number[]): number {
  const parted = losses.findIndex((loss, epoch) => !(relativeDifference(loss, reference[epoch] as number) <= LOSS_TOLERANCE));
  return parted < 0 ? losses.length : parted;
}

/** The difference of two losses as a share of the second; losses near 0 count as 1e-6. */
export function relativeDifference(loss: number, reference: number): number {
  return Math.abs(loss - reference) / Math.max(Math.abs(reference), 1e-6);
}

/** What the comparison says, in sentences. `others` are the backends beside the reference; `rounding` was looked at if any parted. */
export function describeAgreement(
  others: readonly Agreement[],
  { reference, epochs, rounding }: { reference: string; epochs: number; rounding: RoundingTest | null },
): string[] {
  const masks = others.filter((other) => !other.sameMask).map(({ name }) => name);
  const isWrong = ({ earlyDifference }: Agreement): boolean => !(earlyDifference <= EARLY_TOLERANCE);
  const drifted = others.filter((other) => !isWrong(other) && other.alikeEpochs < epochs);
  const sentences = [
    masks.length === 0 ? "The same seed gives the same mask, bit for bit, on all of them." : `THE MASK DIFFERS on ${masks.join(" and ")}.`,
  ];
  for (const { name, earlyDifference } of others.filter(isWrong)) {
    sentences.push(
      `THE LOSSES DIFFER on ${name}: by ${earlyDifference.toExponential(0)} of their size in the first epochs, where rounding alone makes less than ` +
        `${EARLY_TOLERANCE.toExponential(0)}.`,
    );
  }
  if (others.every((other) => !isWrong(other) && other.alikeEpochs === epochs)) {
    sentences.push(`The losses of all ${epochs} epochs are the same to within ${LOSS_TOLERANCE} of their size.`);
  }
  if (drifted.length > 0) {
    const all = others.filter(({ alikeEpochs }) => alikeEpochs === epochs).map(({ name }) => name);
    const where = [
      ...(all.length === 0 ? [] : [`all ${epochs} epochs on ${all.join(" and ")}`]),
      ...drifted.map(({ name, alikeEpochs }) => `the first ${alikeEpochs} on ${name}`),
    ].join(" and for ");
    sentences.push(
      `The losses are the same to within ${LOSS_TOLERANCE} of their size for ${where}. What comes then is rounding that has grown: each backend ` +
        "adds up in an order of its own, and once the last digits decide whether ReLU passes a hidden value on, two trainings go ways of their own." +
        (rounding === null ? "" : ` ${describeRounding(rounding, reference)}`),
    );
  }
  return sentences;
}

// --- internal helpers ---

function describeRounding({ trainings, partedIn }: RoundingTest, reference: string): string {
  return partedIn === null
    ? `On ${reference} alone, none of ${trainings} trainings with inputs changed in the last bit did the same: it is a matter of luck.`
    : `So does ${reference} by itself: with inputs changed in the last bit, ${trainings === 1 ? "a training" : `one of ${trainings} trainings`} parted in epoch ${partedIn}.`;
}
