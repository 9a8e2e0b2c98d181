/**
 * Trains every way that a claim names, some seeds each, and writes what came of it: scores as JSON, and the pages that show them.
 *
 *     npm run experiments                          all claims, 10 seeds: about ten minutes
 *     npm run experiments -- --pages               only writes the pages anew, from the scores that are kept
 *     npm run experiments -- --only rate,depth     some of them, without writing the page
 *     npm run experiments -- --seeds 3
 */
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { setDefaultBackend } from "@dropwise/core";
import { fastestBackend } from "../examples/shared/backend.mjs";
import { CLAIMS } from "./claims.mjs";
import { writePages } from "./pages.mjs";
import { compared, knownOf, meanOf } from "./report.mjs";
import { judged, NOISE, ROWS } from "./task.mjs";

const { values } = parseArgs({
  options: { only: { type: "string" }, seeds: { type: "string", default: "10" }, pages: { type: "boolean" } },
});
if (values.pages === true) {
  writePages();
  process.exit();
}
const seeds = Number(values.seeds);
const wanted = values.only?.split(",");
const unknown = wanted?.find((name) => !CLAIMS.some((claim) => claim.name === name));
if (!Number.isInteger(seeds) || seeds < 2 || unknown !== undefined) {
  const known = CLAIMS.map(({ name }) => name).join(", ");
  console.error(`experiments: expected --seeds of 2 or more and --only of ${known}, got ${unknown ?? values.seeds}`);
  process.exit(1);
}

const backend = await fastestBackend();
setDefaultBackend(backend);
const found = [];
for (const { name, says, source, shape, settings } of CLAIMS.filter((claim) => wanted === undefined || wanted.includes(claim.name))) {
  console.log(`\n${name}: ${says}`);
  const results = [];
  for (const setting of settings) {
    const scores = [];
    for (let seed = 1; seed <= seeds; seed++) scores.push(await judged(setting, seed, shape));
    results.push({ name: setting.name, scores });
    const known = knownOf(scores);
    const { mean, verdict } = compared(known, knownOf(results[0]?.scores ?? []));
    const beside = results.length === 1 ? "" : `${mean >= 0 ? "+" : ""}${mean.toFixed(2)}, ${verdict}`;
    console.log(`  ${setting.name.padEnd(44)} ${meanOf(known).toFixed(2)} %  ${beside}`);
  }
  found.push({ name, says, source, results });
}
if (wanted === undefined) {
  const kept = new URL("kept/results.json", import.meta.url);
  writeFileSync(kept, `${JSON.stringify({ backend: backend.name, seeds, rows: ROWS, noise: NOISE, found }, null, 1)}\n`);
  console.log("\nwrote experiments/kept/results.json");
  writePages();
}
backend.dispose();
