/**
 * Checks what the public packages offer: their types against the reports in `packages/NAME/api`, and their comments. `--update` writes the reports.
 * Run `npm run build` first: the backends' types name those of core.
 */
import { join } from "node:path";
import { missingComments } from "./api/comments.mjs";
import { compareReport } from "./api/compare.mjs";
import { publicPackages } from "./api/entries.mjs";
import { exportedNames, programOf } from "./api/program.mjs";
import { reportsOf } from "./api/report.mjs";

const update = process.argv.includes("--update");

/**
 * What public classes share with one another: there is nothing to do with it by itself, so it has no name to import. The reports show it all the same.
 */
const SHARED_PARTS = [
  "Raw",
  "RawTensor",
  "TensorHandle",
  "MaybeDisposable",
  "DisposeKey",
  "DISPOSE",
  "DropoutLayer",
  "RateLayer",
  "MaskLayer",
  "SequenceDropout",
  "Loss",
  "WeightedLoss",
  "AnyConvolution",
  "Convolution",
  "TransposedConvolution",
  "MaxPool",
  "AvgPool",
  "AdaptivePool",
  "Windows",
  "RandomOrder",
  "Recurrent",
  "RecurrentCell",
  "StatisticsNorm",
  "BatchNorm",
  "InstanceNorm",
  "PartList",
  "CountingMetric",
  "Share",
  "ConfidenceBins",
  "MeanOverTargets",
];

let failed = false;
for (const pkg of publicPackages()) {
  const program = programOf(pkg);
  const reports = reportsOf(pkg, program);
  // A type that one entry point mentions may be exported by another: the contract's are in `@dropwise/core/backend`.
  const exported = new Set([...SHARED_PARTS, ...pkg.entries.flatMap((entry) => exportedNames(program, entry))]);
  const faults = [
    ...reports.flatMap(({ findings }) =>
      findings.filter((finding) => !isExported(finding, exported)).map(({ id, text, place }) => `${place} ${text} (${id})`),
    ),
    ...missingComments(pkg, program),
    ...reports.flatMap(({ entry, text }) => compareReport(join(pkg.folder, "api", `${entry.file}.api.md`), text, update)),
  ];
  console.log(`${faults.length === 0 ? "ok    " : "FAILED"} ${pkg.name}: ${pkg.entries.map(({ name }) => name).join(", ")}`);
  for (const fault of new Set(faults)) console.log(`  ${fault}`);
  failed ||= faults.length > 0;
}
process.exitCode = failed ? 1 : 0;

/** @param {import("./api/report.mjs").Finding} finding @param {ReadonlySet<string>} exported */
function isExported({ id, text }, exported) {
  // API Extractor numbers names that others have, too: `Storage_2`.
  const name = /The symbol "(\w+?)(_\d+)?" needs to be exported/.exec(text)?.[1];
  return id === "ae-forgotten-export" && name !== undefined && exported.has(name);
}
