/** The program: from the command line to tables, files and the exit code. */
import { relative } from "node:path";
import { parseOptions } from "./options";
import { compareResults } from "./report/compare";
import { page } from "./report/page";
import { readResult, writeResult } from "./report/result";
import { comparisonTable } from "./report/table";
import { runBench } from "./run";
import { UserError } from "./user-error";

const print = (text: string): void => void process.stdout.write(`${text}\n`);

async function main(argv: readonly string[]): Promise<number> {
  const options = parseOptions(argv, (text) => process.stdout.write(text));
  if (options === null) return 0;
  if (options.command === "compare") {
    print(comparisonTable(compareResults(readResult(options.before), readResult(options.after))));
    return 0;
  }
  const findings = await runBench(options, print);
  const { json, html } = writeResult(findings, page, options.name ?? findings.date.slice(0, 19).replaceAll(":", "-"));
  print(`\n${relative(process.cwd(), json)}\n${relative(process.cwd(), html)}  (open it in a browser)`);
  return 0;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof UserError)) throw error;
  process.stderr.write(`bench: ${error.message}\n`);
  process.exitCode = 2;
}
// Devices and other libraries' threads may keep the process; its work is done.
process.exit();
