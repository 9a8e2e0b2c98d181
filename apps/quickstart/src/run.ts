import type { BackendEntry, PresentBackend } from "./backends";
import { closeBackends, onBackend, openBackends } from "./backends";
import { csvSource } from "./data/csv";
import { mnistSource } from "./data/mnist";
import type { DataSource } from "./data/source";
import { twoMoonsSource } from "./data/two-moons";
import { showBackends } from "./experiments/backends";
import { showDeterminism } from "./experiments/determinism";
import { showMonteCarlo } from "./experiments/monte-carlo";
import { OVERFIT_EPOCHS } from "./experiments/overfit";
import { showOverfit } from "./experiments/show-overfit";
import { type DataChoice, type Options, parseOptions } from "./options";
import { PROGRAM_EPOCHS, PROGRAM_ROWS } from "./programs/programs";
import { showPrograms } from "./programs/show-programs";
import type { Io } from "./terminal/io";
import { toJson } from "./terminal/json";
import { createScreen, type Screen } from "./terminal/screen";
import { UserError } from "./user-error";

/** Exit codes: all went well, and the command line or its files need a change. Anything else is a defect and throws. */
const OK = 0;
const USAGE = 2;

/**
 * The whole program, from the words of the command line to the exit code. Touches no global stream, so that tests can call it.
 *
 * @param argv The arguments after the program's name.
 */
export async function run(argv: readonly string[], io: Io): Promise<number> {
  try {
    const options = parseOptions(argv, (text) => io.stdout.write(text));
    if (options === null) return OK;
    const source = openSource(options.data);
    const entries = await openBackends(options.backend);
    try {
      const result = await runAll(options, source, entries, createScreen(io, { quiet: options.json }));
      if (options.json) io.stdout.write(`${toJson(result)}\n`);
    } finally {
      closeBackends(entries);
    }
    return OK;
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    io.stderr.write(`quickstart: ${error.message}\n`);
    return USAGE;
  }
}

// --- internal helpers ---

function openSource(choice: DataChoice): DataSource {
  if (choice.kind === "csv") return csvSource(choice.file, choice.target);
  return choice.kind === "mnist" ? mnistSource(choice.folder) : twoMoonsSource();
}

/** Shows every part, the short ones first, and returns all that was found. */
async function runAll(options: Options, source: DataSource, entries: readonly BackendEntry[], screen: Screen): Promise<object> {
  const { seed, seeds } = options;
  const epochs = options.epochs ?? PROGRAM_EPOCHS;
  const overfitEpochs = options.epochs ?? OVERFIT_EPOCHS;
  const main = entries.find((entry): entry is PresentBackend => entry.backend !== null) as PresentBackend;
  const split = source.split(seed, PROGRAM_ROWS);

  screen.heading("Dropwise quickstart");
  screen.text(`Seed ${seed}, backend ${main.name}. ${source.about}`);

  const shown = await onBackend(main.backend, async () => {
    const { results: programs, model } = await showPrograms(split, { seed, epochs, screen });
    const determinism = await showDeterminism(model, split, { seed, epochs, screen });
    const wide = await showOverfit(source, { seed, seeds, epochs: overfitEpochs, screen });
    const monteCarlo = await showMonteCarlo(wide.model, wide.split.test, { seed, screen });
    return { programs, determinism, overfit: { epochs: overfitEpochs, seeds: wide.results, summary: wide.summary }, monteCarlo };
  });
  const backends = await showBackends(entries, split.train, { seed, epochs, screen });
  screen.heading("Next");
  screen.text("npm start -- --help lists what else this can do, such as --csv with a table of your own.");

  const rows = { source: source.name, features: source.features, train: split.train.count, test: split.test.count };
  const missing = entries.flatMap((entry) => (entry.backend === null ? [{ name: entry.name, reason: entry.reason }] : []));
  return { seed, backend: main.name, rows, ...shown, backends, missing };
}
