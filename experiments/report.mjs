/** From scores to a page: means, and whether each way to train was better than the first of its claim. */

/** @typedef {import("./task.mjs").Score} Score */
/** @typedef {{ name: string, scores: readonly Score[] }} Result of one setting, a score for each seed in the same order */
/** @typedef {{ name: string, says: string, source: string, results: readonly Result[] }} Found */

/**
 * Whether a setting was better or worse than another on the same seeds: as many standard errors away as chance reaches in one of twenty.
 *
 * @param {readonly number[]} values
 * @param {readonly number[]} others
 * @returns {{ mean: number, error: number, verdict: "better" | "worse" | "no difference seen" }}
 */
export function compared(values, others) {
  const differences = values.map((value, i) => value - (others[i] ?? Number.NaN));
  const mean = meanOf(differences);
  const n = differences.length;
  const error = Math.sqrt(differences.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (n - 1) / n);
  const reach = error * (STUDENT[n - 2] ?? 2);
  const verdict = mean > reach ? "better" : mean < -reach ? "worse" : "no difference seen";
  return { mean, error, verdict };
}

/**
 * @param {readonly Found[]} all
 * @param {{ rows: number, noise: number, seeds: number }} task
 */
export function page(all, { rows, noise, seeds }) {
  return `# Experiments

One for each claim that [the guide](../docs/dropout.md) or a paper makes of dropout, also where it did not come true here. Made by \`npm run experiments\`; every number repeats for its seeds on the same backend.

Each network learns from ${rows} handwritten digits of 8 x 8 pixels, of which ${100 * noise} % have a label that was drawn anew, and is judged by 797 others whose labels are right: the share that it
knows, and the mean cross entropy of its probabilities. Means of ${seeds} seeds, each of which is other rows, wrong labels, weights and masks, the same for all ways to train. "Better" and "worse" than the first line
are differences that chance makes in less than one of twenty such comparisons (Student's t of paired differences): among so many, one or two will be chance. It is one small task: what helps here may not help on yours, and the other way round.

${all.map(section).join("\n")}`;
}

// --- internal helpers ---

/** 97.5 % of Student's t with 1, 2, ... degrees of freedom. */
const STUDENT = [12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201];

/** @param {readonly number[]} values */
const meanOf = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;

/** @param {Found} found */
function section({ name, says, source, results }) {
  const lines = results.map(({ name: setting, scores }, i) => {
    const [knows, loss] = [scores.map(({ accuracy }) => accuracy), scores.map((score) => score.loss)];
    const first = results[0]?.scores ?? [];
    // Less cross entropy is better.
    const besides = [
      compared(
        knows,
        first.map(({ accuracy }) => accuracy),
      ),
      compared(
        first.map((score) => score.loss),
        loss,
      ),
    ];
    const [more, less] = besides.map(({ verdict }) => (i === 0 ? "" : verdict));
    return `| ${setting} | ${meanOf(knows).toFixed(1)} % | ${more} | ${meanOf(loss).toFixed(3)} | ${less} |`;
  });
  return `## ${name}

${says} (${source})

| way to train | knows | | cross entropy | |
| --- | --- | --- | --- | --- |
${lines.join("\n")}
`;
}
