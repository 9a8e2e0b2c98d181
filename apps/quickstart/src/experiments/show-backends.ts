import type { BackendEntry, PresentBackend } from "../backends";
import type { Rows } from "../data/source";
import { PROGRAMS } from "../programs/programs";
import type { Screen } from "../terminal/screen";
import { shortened } from "../words";
import { describeAgreement } from "./agreement";
import { type BackendComparison, type BackendResult, compareBackends } from "./backends";

/** A longer name, such as that of a graphics card, is cut in the table and told whole below. */
const WIDEST_DEVICE = 14;

/** Compares all backends that are present and shows the table, with a line for each that is not. */
export async function showBackends(
  entries: readonly BackendEntry[],
  rows: Rows,
  { seed, epochs, screen }: { seed: bigint; epochs: number; screen: Screen },
): Promise<BackendComparison> {
  const present = entries.filter((entry): entry is PresentBackend => entry.backend !== null);
  screen.heading("The three programs on every backend present");
  screen.text(
    "A backend is what computes: one in plain JavaScript, others in WebAssembly, C++ or on a GPU. Programs 1 to 3 are trained again on each, with " +
      "the same seed; the losses are those of the last epoch.",
  );
  const progress = screen.progress("training", present.length * PROGRAMS.length * epochs);
  const comparison = await compareBackends(present, rows, { seed, epochs, progress });
  progress.done();

  const { results, rounding } = comparison;
  const [reference, ...others] = results as readonly [BackendResult, ...BackendResult[]];
  screen.line();
  screen.table(
    ["\nbackend", "\nruns on", "\nloss 1", "\nloss 2", "\nloss 3", `off\n${reference.name}`, "epochs\nalike", "\nmask", "steps\n/s"],
    results.map((result) => [
      result.name,
      shortened(whereRun(result), WIDEST_DEVICE),
      ...result.finalLosses.map((loss) => loss.toFixed(4)),
      ...(result === reference
        ? ["-", "-", "-"]
        : [
            result.alikeEpochs === 0 ? "-" : result.lossDifference.toExponential(0),
            `${result.alikeEpochs}/${epochs}`,
            result.sameMask ? "same" : "DIFFERS",
          ]),
      Math.round(result.speed.stepsPerSecond).toLocaleString("en"),
    ]),
  );
  screen.list([
    ...results
      .filter((result) => whereRun(result).length > WIDEST_DEVICE)
      .map((result) => [result.name, `runs on ${whereRun(result)}`] as const),
    ...entries.flatMap((entry) => (entry.backend === null ? [[entry.name, `left out: ${entry.reason}`] as const] : [])),
  ]);
  screen.line();
  if (others.length > 0) {
    for (const sentence of describeAgreement(others, { reference: reference.name, epochs, rounding })) screen.notice(sentence);
  }
  const shares = results.map(({ name, speed }) => `${Math.round(100 * speed.loaderShare)}% (${name})`).join(", ");
  screen.notice(
    "Steps per second are those of program 1 once it is warm, with its loader, which shuffles, and the loss awaited in each step. The loader takes " +
      `${shares} of the time. With so small a model they say more about what a call costs than about how fast a backend computes.`,
  );
  return comparison;
}

// --- internal helpers ---

function whereRun({ device, threads }: BackendResult): string {
  return threads > 1 ? `${device} x${threads}` : device;
}
