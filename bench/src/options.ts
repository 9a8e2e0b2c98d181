import { availableParallelism } from "node:os";
import { Command, CommanderError, InvalidArgumentError } from "commander";
import { BACKEND_NAMES, type BackendName } from "./cases/backends";
import { OPS, type Op, USUAL_OPS } from "./task";
import { UserError } from "./user-error";

/** What `npm run bench` was asked for, checked and with defaults filled in. */
export interface BenchOptions {
  readonly command: "bench";
  readonly backends: readonly BackendName[];
  readonly ops: readonly Op[];
  /** Elements of the elementwise ops; `undefined` for the usual ones. */
  readonly sizes: readonly number[] | undefined;
  readonly threads: readonly number[];
  readonly quick: boolean;
  /** Two rounds of each, for the tests of this program. */
  readonly smoke: boolean;
  readonly peers: boolean;
  /** The name of the result under `results/`; `undefined` for the date. */
  readonly name: string | undefined;
}

/** What `npm run bench:compare` was asked for. */
export interface CompareOptions {
  readonly command: "compare";
  readonly before: string;
  readonly after: string;
}

/**
 * Reads the command line. Returns `null` when it asked for help, which has then been written to `write`.
 *
 * @throws UserError for anything that does not make sense, with a message of one line.
 */
export function parseOptions(argv: readonly string[], write: (text: string) => void): BenchOptions | CompareOptions | null {
  let chosen: BenchOptions | CompareOptions | null = null;
  const program = create("npm run bench --", write)
    .description("Measures every backend beside a copy of the same bytes. Results go to bench/results/ as JSON and as a page.")
    .option("--backend <names>", `comma list of ${BACKEND_NAMES.join(", ")}`, toList("backend", BACKEND_NAMES), [...BACKEND_NAMES])
    .option("--op <names>", `comma list of ${OPS.join(", ")}`, toList("op", OPS), [...USUAL_OPS])
    .option("--size <sizes>", "comma list of elements for the dropout ops, such as 16,64k,1M", toSizes)
    .option("--threads <counts>", "comma list; each backend with threads runs once with each (default: 1 and all)", toThreads)
    .option("--quick", "fewer sizes and rounds; less than a minute")
    .option("--peers", "other libraries too, where they are installed (npm run bench:peers installs them)")
    .option("--name <name>", "name of the result (default: the date)", toName)
    .option("--smoke", "two rounds of each, for the tests of this program; the figures say nothing")
    .action((flags: Flags) => {
      const all = availableParallelism();
      chosen = {
        command: "bench",
        backends: flags.backend,
        ops: flags.op,
        sizes: flags.size,
        threads: flags.threads ?? (all > 1 ? [1, all] : [1]),
        quick: flags.quick ?? false,
        smoke: flags.smoke ?? false,
        peers: flags.peers ?? false,
        name: flags.name,
      };
    });
  program.addCommand(
    create("compare", write)
      .description("Compares two results and marks what moved by more than the spread.")
      .argument("<before>", "a JSON file, or a name under bench/results/")
      .argument("<after>", "the same")
      .action((before: string, after: string) => {
        chosen = { command: "compare", before, after };
      }),
  );
  try {
    program.parse([...argv], { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return null;
    throw new UserError(`${error.message.replace(/^error: |\.$/g, "")} - see --help`);
  }
  return chosen;
}

// --- internal helpers ---

interface Flags {
  backend: BackendName[];
  op: Op[];
  size?: number[];
  threads?: number[];
  quick?: boolean;
  smoke?: boolean;
  peers?: boolean;
  name?: string;
}

/** The largest tensor that is offered: 2^28 float32 are 1 GiB, and a backward pass takes several. */
const MOST_ELEMENTS = 2 ** 28;
const MOST_THREADS = 256;

function create(name: string, write: (text: string) => void): Command {
  return new Command(name)
    .helpOption("--help", "show this help")
    .helpCommand(false)
    .allowExcessArguments(false)
    .showSuggestionAfterError(false)
    .configureOutput({ writeOut: write, writeErr: () => {} })
    .exitOverride();
}

function toList<const T extends string>(label: string, known: readonly T[]): (text: string) => T[] {
  return (text) =>
    split(text).map((word) => {
      const found = known.find((candidate) => candidate === word);
      if (found === undefined) throw new InvalidArgumentError(`Expected ${label}s out of ${known.join(", ")}.`);
      return found;
    });
}

function toSizes(text: string): number[] {
  return split(text).map((word) => {
    const [, digits, unit] = /^(\d+)([kM]?)$/.exec(word) ?? [];
    const size = Number(digits) * (unit === "M" ? 2 ** 20 : unit === "k" ? 1024 : 1);
    // Number(undefined) is NaN, which no comparison accepts.
    if (!(size >= 1 && size <= MOST_ELEMENTS)) throw new InvalidArgumentError("Expected sizes from 1 to 256M, such as 16, 64k or 1M.");
    return size;
  });
}

function toThreads(text: string): number[] {
  const counts = split(text).map((word) => (/^\d+$/.test(word) ? Number(word) : Number.NaN));
  if (!counts.every((count) => count >= 1 && count <= MOST_THREADS)) {
    throw new InvalidArgumentError(`Expected numbers from 1 to ${MOST_THREADS}.`);
  }
  return [...new Set(counts)];
}

function toName(text: string): string {
  if (!/^[\w.-]*\w[\w.-]*$/.test(text)) throw new InvalidArgumentError("Expected letters, digits, dots and dashes.");
  return text;
}

function split(text: string): string[] {
  return text.split(",").map((word) => word.trim());
}
