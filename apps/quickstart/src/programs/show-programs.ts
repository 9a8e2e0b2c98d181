import type { Split } from "../data/source";
import type { Screen } from "../terminal/screen";
import { accuracy, answersTwice } from "./evaluate";
import type { Classifier } from "./lesson";
import { PROGRAMS, trainProgram } from "./programs";

/** What one program came to. */
export interface ProgramResult {
  readonly name: string;
  readonly losses: readonly number[];
  readonly trainAccuracy: number;
  readonly testAccuracy: number;
  /** The probabilities that one row got from two passes in each mode. */
  readonly twice: { readonly train: readonly number[]; readonly eval: readonly number[] };
}

/** Trains the three programs on the default backend and shows each as it is done. Returns the first one's model, too. */
export async function showPrograms(
  split: Split,
  { seed, epochs, screen }: { seed: bigint; epochs: number; screen: Screen },
): Promise<{ results: ProgramResult[]; model: Classifier }> {
  const results: ProgramResult[] = [];
  let first: Classifier | undefined;
  for (const [i, program] of PROGRAMS.entries()) {
    const { model, losses } = await trainProgram(program, split.train, { seed, epochs });
    const trainAccuracy = await accuracy(model, split.train);
    const testAccuracy = await accuracy(model, split.test);
    const twice = await answersTwice(model, split.test);
    first ??= model;
    const isAsFirst = i > 0 && losses.every((loss, epoch) => loss === results[0]?.losses[epoch]);
    results.push({ name: program.name, losses, trainAccuracy, testAccuracy, twice });

    screen.heading(`Program ${i + 1}: ${program.title}  (src/programs/${program.file})`);
    screen.line(`loss       ${someLosses(losses)}`);
    screen.line(`accuracy   train ${percent(trainAccuracy)}   test ${percent(testAccuracy)}`);
    screen.line(`one row    ${answers("train()", twice.train)}   ${answers("eval()", twice.eval)}`);
    screen.notice(
      isAsFirst ? `The same losses as program 1, to the last bit: same network, same seed, same masks. ${program.notice}` : program.notice,
    );
  }
  return { results, model: first as Classifier };
}

// --- internal helpers ---

/** The losses of the first and last epoch and of two between. */
function someLosses(losses: readonly number[]): string {
  const last = losses.length;
  const epochs = new Set([1, Math.ceil(last / 3), Math.ceil((2 * last) / 3), last]);
  return [...epochs].map((epoch) => `${epoch === 1 ? "epoch 1" : epoch}: ${(losses[epoch - 1] as number).toFixed(3)}`).join("   ");
}

function answers(mode: string, values: readonly number[]): string {
  return `${mode} twice: ${values.map((value) => value.toFixed(3)).join(" ")}`;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)}%`;
}
