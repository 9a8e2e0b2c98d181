import { Command, CommanderError, InvalidArgumentError, Option } from "commander";
import { UserError } from "./user-error";

/** The backends that `--backend` may name. `cpu` is core's own; the others are packages that may or may not be there. */
export const BACKEND_NAMES = ["cpu", "wasm", "webgpu", "native"] as const;
export type BackendName = (typeof BACKEND_NAMES)[number];

/** Where the rows come from. */
export type DataChoice =
  | { readonly kind: "moons" }
  | { readonly kind: "csv"; readonly file: string; readonly target: string }
  | { readonly kind: "mnist"; readonly folder: string };

/** What the command line asks for, checked and with defaults filled in. */
export interface Options {
  readonly seed: bigint;
  /** Passes over the rows; `undefined` leaves each part its own default. */
  readonly epochs: number | undefined;
  /** How many seeds the comparison with and without dropout averages over. */
  readonly seeds: number;
  readonly backend: BackendName | "all";
  readonly json: boolean;
  readonly data: DataChoice;
}

/** Default number of seeds: enough to see the spread, few enough to finish in seconds. */
const DEFAULT_SEEDS = 5;

/**
 * Reads the command line. Returns `null` when it asked for help, which has then been written to `write`.
 *
 * @throws UserError for anything that does not make sense, with a message of one line.
 */
export function parseOptions(argv: readonly string[], write: (text: string) => void): Options | null {
  const command = createCommand(write);
  try {
    command.parse([...argv], { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return null;
    throw new UserError(`${error.message.replace(/^error: |\.$/g, "")} - see --help`);
  }
  const flags = command.opts<Flags>();
  return {
    seed: flags.seed,
    epochs: flags.epochs,
    seeds: flags.seeds,
    backend: flags.backend,
    json: flags.json ?? false,
    data: dataChoice(flags),
  };
}

// --- internal helpers ---

interface Flags {
  seed: bigint;
  epochs?: number;
  seeds: number;
  backend: BackendName | "all";
  json?: boolean;
  csv?: string;
  target?: string;
  mnist?: string;
}

const EXAMPLES = `Examples:
  npm start
  npm start -- --seed 7 --seeds 10
  npm start -- --csv apps/quickstart/data/iris.csv --target species
`;

function createCommand(write: (text: string) => void): Command {
  return new Command("npm start --")
    .description("Trains three small programs that explain dropout, shows what dropout is for, and ends with handwritten digits.")
    .addOption(
      new Option("--seed <n>", "start of every random number: initial weights, masks, shuffling, rows")
        .argParser(toSeed)
        .default(42n, "42"),
    )
    .option(
      "--epochs <n>",
      "passes over the rows (default: 30 for the programs, 40 for the overfitting test, 25 for the pictures)",
      toCount(100_000),
    )
    .option("--seeds <n>", "how many seeds the comparisons with and without dropout average over", toCount(1000), DEFAULT_SEEDS)
    .addOption(
      new Option("--backend <name>", `${BACKEND_NAMES.join(", ")}, or all that are present`).argParser(toBackend).default("all", "all"),
    )
    .option("--json", "write one JSON object to stdout, and nothing else")
    .option("--csv <file>", "train on your own table of numbers and words, with a header; needs --target")
    .option("--target <column>", "the column of the table that the models are to find out")
    .option("--mnist <folder>", "train on the four files of MNIST or the like, such as train-images-idx3-ubyte.gz")
    .helpOption("--help", "show this help")
    .addHelpText("after", `\n${EXAMPLES}`)
    .allowExcessArguments(false)
    .showSuggestionAfterError(false)
    .configureOutput({ writeOut: write, writeErr: () => {} })
    .exitOverride();
}

function dataChoice({ csv, target, mnist }: Flags): DataChoice {
  if (csv !== undefined && mnist !== undefined) throw new UserError("expected --csv or --mnist, got both - choose one");
  if (csv !== undefined) {
    if (target === undefined) throw new UserError("--csv: expected --target COLUMN beside it - name the column that holds the class");
    return { kind: "csv", file: csv, target };
  }
  if (target !== undefined) throw new UserError("--target: expected --csv FILE beside it - it names a column of that file");
  return mnist === undefined ? { kind: "moons" } : { kind: "mnist", folder: mnist };
}

function toSeed(text: string): bigint {
  if (!/^[+-]?\d+$/.test(text)) throw new InvalidArgumentError("Expected an integer.");
  const seed = BigInt(text.replace(/^\+/, ""));
  if (seed < -(2n ** 63n) || seed >= 2n ** 64n) throw new InvalidArgumentError("Expected a seed in [-2^63, 2^64).");
  return seed;
}

function toCount(limit: number): (text: string) => number {
  return (text) => {
    const count = Number(text);
    if (!/^\d+$/.test(text) || count < 1 || count > limit) throw new InvalidArgumentError(`Expected an integer from 1 to ${limit}.`);
    return count;
  };
}

function toBackend(text: string): BackendName | "all" {
  const known = [...BACKEND_NAMES, "all"] as const;
  const name = known.find((candidate) => candidate === text);
  if (name === undefined) throw new InvalidArgumentError(`Expected one of ${known.join(", ")}.`);
  return name;
}
