import type { BackendEntry, PresentBackend } from "./backends";
import { closeBackends, fastest, onBackend, openBackends } from "./backends";
import { csvSource } from "./data/csv/csv";
import { digitsSource } from "./data/digits";
import { mnistSource } from "./data/mnist";
import { ask, type DataSource, type ImageSource } from "./data/source";
import { twoMoonsSource } from "./data/two-moons";
import { showDeterminism } from "./experiments/determinism";
import { DIGIT_EPOCHS, showDigits } from "./experiments/digits";
import { OVERFIT_EPOCHS, showOverfit } from "./experiments/overfit";
import { showBackends } from "./experiments/show-backends";
import { showMonteCarlo } from "./experiments/show-monte-carlo";
import { type DataChoice, type Options, parseOptions } from "./options";
import { PROGRAM_EPOCHS, PROGRAM_ROWS } from "./programs/programs";
import { showPrograms } from "./programs/show-programs";
import type { Io } from "./terminal/io";
import { toJson } from "./terminal/json";
import { createScreen, type Screen } from "./terminal/screen";
import { UserError } from "./user-error";
import { counted } from "./words";

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
    const sources = openSources(options.data);
    const entries = await openBackends(options.backend);
    try {
      const result = await runAll(options, sources, entries, createScreen(io, { quiet: options.json }));
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

/** The rows that the programs and experiments learn from, and pictures for the last part. */
interface Sources {
  readonly rows: DataSource;
  readonly pictures: ImageSource | null;
}

function openSources(choice: DataChoice): Sources {
  if (choice.kind === "csv") return { rows: csvSource(choice.file, choice.target), pictures: null };
  if (choice.kind === "moons") return { rows: twoMoonsSource(), pictures: digitsSource() };
  const pictures = mnistSource(choice.folder);
  return { rows: pictures, pictures };
}

/** Shows every part, the short ones first, and returns all that was found. */
async function runAll(options: Options, sources: Sources, entries: readonly BackendEntry[], screen: Screen): Promise<object> {
  const { seed, seeds } = options;
  const { rows: source, pictures } = sources;
  const epochs = options.epochs ?? PROGRAM_EPOCHS;
  const present = entries.filter((entry): entry is PresentBackend => entry.backend !== null);
  const [main, fast] = [present[0] as PresentBackend, fastest(present)];
  const split = source.split(seed, PROGRAM_ROWS);
  const asked = ask(source.question, split);

  screen.heading("Dropwise quickstart");
  screen.text(
    "While a network trains, dropout sets a random part of its values to 0 in every step, so that it cannot lean on any one of them. Three short " +
      "programs show how that is written. Measurements of what it does follow.",
  );
  screen.line();
  screen.list([
    ["seed", `${seed}, from which every random number follows`],
    ["rows", source.about],
    [
      "learned",
      `programs 1 to 3 learn from ${counted(split.train.count, "row")} and are judged by ${split.test.count.toLocaleString("en")} others`,
    ],
    ["question", `programs 1 to 3 have one output: ${source.question.text}`],
    ["backend", present.length > 1 ? `${main.name}; the others come later` : main.name],
  ]);
  if (split.columns !== undefined) {
    screen.heading("What became of each column");
    screen.text("Means, medians and texts are those of the rows that are learned from; the others are to be judged as if they came later.");
    screen.line();
    screen.list(split.columns);
  }

  const shown = await onBackend(main.backend, async () => {
    const { results: programs, model } = await showPrograms(asked, { seed, epochs, screen });
    const determinism = await showDeterminism(model, asked, { seed, epochs, screen });
    const overfitEpochs = options.epochs ?? OVERFIT_EPOCHS;
    const wide = await showOverfit(source, { seed, seeds, epochs: overfitEpochs, screen });
    const monteCarlo = await showMonteCarlo(wide.model, wide.split.test, { classes: source.classes, seed, screen });
    return { programs, determinism, overfit: { epochs: overfitEpochs, seeds: wide.results, summary: wide.summary }, monteCarlo };
  });
  const { results: backends, rounding } = await showBackends(entries, asked.train, { seed, epochs, screen });
  const digitEpochs = options.epochs ?? DIGIT_EPOCHS;
  const digits =
    pictures &&
    (await onBackend(fast.backend, () => showDigits(pictures, { seed, seeds, epochs: digitEpochs, backend: fast.name, screen })));
  screen.heading("Next");
  screen.text("npm start -- --help lists what else this can do, such as --csv with a table of your own.");

  const rows = {
    source: source.name,
    classes: source.classes,
    question: source.question.text,
    columns: split.columns,
    features: split.train.features,
    train: split.train.count,
    test: split.test.count,
  };
  const missing = entries.flatMap((entry) => (entry.backend === null ? [{ name: entry.name, reason: entry.reason }] : []));
  return { seed, backend: main.name, rows, ...shown, backends, rounding, missing, digits };
}
