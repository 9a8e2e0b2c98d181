/** How everybody stands to PyTorch: what it takes, and how many times as fast each other is. */
import type { Figure } from "./result";

export const RATIO_TITLE = "Against PyTorch: its time, and how many times as fast as it each other is. Above 1 is faster.";

/** One task that PyTorch did as well. */
interface RatioRow {
  readonly op: Figure["op"];
  readonly size: string;
  /** PyTorch's median, in nanoseconds per call. */
  readonly torch: number;
  /** For each of the competitors, in their order; above 1 is faster. `undefined` for those that did not do it. */
  readonly ratios: readonly (number | undefined)[];
}

interface Ratios {
  /** All but PyTorch, in the order in which they come in the figures. */
  readonly competitors: readonly string[];
  readonly rows: readonly RatioRow[];
}

/** PyTorch's median time for each size of one op, where it took part: what others take goes into it as often as they are faster. */
export function torchTimes(figures: readonly Figure[]): Map<string, number> {
  return new Map(figures.filter(isTorch).map(({ size, median }) => [size, median]));
}

/** The operations, layers and trainings that PyTorch did, a row each. None where it took no part. */
export function torchRatios(figures: readonly Figure[]): Ratios {
  const compared = figures.filter(({ op }) => op === "ops" || op === "layers" || op === "large" || op.startsWith("train-"));
  const tasks = compared.filter(isTorch);
  const others = compared.filter((figure) => !isTorch(figure) && tasks.some((task) => isSameTask(task, figure)));
  const competitors = [...new Set(others.map(({ competitor }) => competitor))];
  const rows = tasks.map((task): RatioRow => {
    const medians = new Map(others.filter((figure) => isSameTask(task, figure)).map(({ competitor, median }) => [competitor, median]));
    const ratios = competitors.map((name) => {
      const median = medians.get(name);
      return median === undefined ? undefined : task.median / median;
    });
    return { op: task.op, size: task.size, torch: task.median, ratios };
  });
  return { competitors, rows };
}

// --- internal helpers ---

function isTorch({ competitor }: Figure): boolean {
  return competitor === "torch";
}

function isSameTask(a: Figure, b: Figure): boolean {
  return a.op === b.op && a.size === b.size;
}
