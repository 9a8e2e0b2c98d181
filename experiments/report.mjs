/** From scores to tables and pages: means, how far seeds are apart, and whether each way to train was better than the first of its claim. */

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
 * The table of a claim, in Markdown.
 *
 * @param {Found} found
 * @returns {string}
 */
export function table({ results }) {
  const first = results[0]?.scores ?? [];
  const lines = results.map(({ name, scores }, i) => {
    // Less cross entropy is better.
    const verdicts = [compared(knownOf(scores), knownOf(first)), compared(lossesOf(first), lossesOf(scores))].map(({ verdict }) =>
      i === 0 ? "" : verdict,
    );
    return [name, spread(knownOf(scores), 1, " %"), verdicts[0] ?? "", spread(lossesOf(scores), 3), verdicts[1] ?? ""];
  });
  return aligned([["way to train", "knows", "", "cross entropy", ""], ...lines]);
}

/**
 * @param {readonly Found[]} all
 * @param {{ rows: number, noise: number, seeds: number }} task
 */
export function page(all, task) {
  return `# Experiments

One for each claim that [the guide](../docs/dropout.md) or a paper makes of dropout, also where it did not come true here. Made by \`npm run experiments\`; every number repeats for its seeds on the same backend.

${taskInWords(task)}

${all.map((found) => `## ${found.name}\n\n${found.says} (${found.source})\n\n${table(found)}\n`).join("\n")}`;
}

/**
 * What was trained and judged, and what the words of the tables mean.
 *
 * @param {{ rows: number, noise: number, seeds: number }} task
 */
export function taskInWords({ rows, noise, seeds }) {
  return `Each network learns from ${rows} handwritten digits of 8 x 8 pixels, of which ${100 * noise} % have a label that was drawn anew, and is judged by 797 others whose labels are right: the share that it
knows, and the mean cross entropy of its probabilities. Means of ${seeds} seeds ± their standard deviation; each seed is other rows, wrong labels, weights and masks, the same for all ways to train. "Better" and "worse" than the first line
are differences, seed by seed, that chance makes in less than one of twenty such comparisons (Student's t): among so many, some will be chance. It is one small task: what helps here may not help on yours, and the other way round.`;
}

/** @param {readonly number[]} values */
export const meanOf = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;

/** The shares of the digits that were known. @param {readonly Score[]} scores */
export const knownOf = (scores) => scores.map(({ accuracy }) => accuracy);

// --- internal helpers ---

/** 97.5 % of Student's t with 1, 2, ... degrees of freedom. */
const STUDENT = [12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201];

/** @param {readonly Score[]} scores */
const lossesOf = (scores) => scores.map(({ loss }) => loss);

/** A mean with its deviation. @param {readonly number[]} values @param {number} digits @param {string} [unit] */
function spread(values, digits, unit = "") {
  const mean = meanOf(values);
  const deviation = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1));
  return `${mean.toFixed(digits)}${unit} ± ${deviation.toFixed(digits)}`;
}

/** A table whose columns are as wide as their widest cell. @param {readonly (readonly string[])[]} lines */
function aligned(lines) {
  const widths = (lines[0] ?? []).map((_, i) => Math.max(3, ...lines.map((line) => line[i]?.length ?? 0)));
  const written = lines.map((line) => `| ${line.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join(" | ")} |`);
  return [written[0], `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`, ...written.slice(1)].join("\n");
}
