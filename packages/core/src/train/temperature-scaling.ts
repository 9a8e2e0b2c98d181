import { noGrad } from "../autograd/grad-mode";
import { type OptionKinds, optionsOf } from "../errors/options";
import { wrongValue } from "../errors/refusal";
import { clone } from "../functional/copies";
import { div } from "../ops/arithmetic";
import { checkTensor } from "../ops/binary";
import type { Tensor } from "../tensor/tensor";
import { tidy } from "../tensor/tidy";
import { checkIgnored, type IgnoreOptions, readClasses } from "./metrics/predictions";

/** Options of `temperatureScaling`. */
export interface TemperatureScalingOptions extends IgnoreOptions {
  /** The least temperature. Default: 0.01. */
  readonly min?: number;
  /** The largest. Default: 100. */
  readonly max?: number;
}

/** What logits are divided by. */
export interface TemperatureScaling {
  /** Above 1 where the model was too sure. */
  readonly temperature: number;
  /**
   * Logits of the same model, divided by the temperature; gradients pass through.
   *
   * @param logits Of any shape, float32 or float64.
   */
  apply(logits: Tensor): Tensor;
}

/**
 * Finds the one number by which a trained classifier's logits are divided so that its probabilities fit best (Guo et al., [2017](https://arxiv.org/abs/1706.04599)): the
 * minimum of the negative log-likelihood, on data that it was not trained on. Classes that it says stay the same.
 *
 * Reads the logits once, and computes on the host in float64: the same data give the same temperature on every backend. The likelihood is convex in 1 / T, so that there is one minimum.
 *
 * @param logits `[N, C]`, `[C]` or `[N, C, d1, ...]`, float32 or float64, without NaN and infinity.
 * @param targets int32 classes of that shape without C.
 * @param options Default: -100 is ignored; a temperature from 0.01 to 100, whose ends are given where the minimum lies beyond, as where all answers are right.
 * @returns The temperature, and a function that applies it.
 * @throws ShapeError and TypeError for what does not fit, RangeError for classes that are not there, for logits that are not finite, for bounds that are not 0 < min < max, and
 *   where no target counts.
 * @example
 * ```ts
 * // Sure by 0.98, and right in three of four.
 * const logits = tensor([[4, 0], [4, 0], [4, 0], [4, 0]]);
 * const scaling = await temperatureScaling(logits, tensor(new Int32Array([0, 0, 0, 1])));
 * console.log(scaling.temperature.toFixed(3)); // 3.641
 * console.log(F.softmax(scaling.apply(logits), { dim: 1 }).dataSync()[0]?.toFixed(3)); // 0.750
 * ```
 */
export async function temperatureScaling(
  logits: Tensor,
  targets: Tensor,
  options?: TemperatureScalingOptions,
): Promise<TemperatureScaling> {
  const given = optionsOf<TemperatureScalingOptions>(OP, options, OPTIONS);
  const { min = 0.01, max = 100 } = given;
  if (!(min > 0 && min < max && max < Number.POSITIVE_INFINITY)) throw wrongValue(OP, "0 < min < max, both finite", `${min} and ${max}`);
  const ignoreIndex = checkIgnored(OP, given);
  const read = readClasses(OP, logits, targets, ignoreIndex);
  const tensors = noGrad(() => tidy(() => [clone(read.logits()), clone(read.classes()), read.counted()] as const));
  const columns = tensors[0].shape[1] as number;
  const [values, classes, counted] = await Promise.all([tensors[0].data(), tensors[1].data(), tensors[2].data()]).finally(() => {
    for (const x of tensors) x.dispose();
  });

  const rows = rowsOf(values, classes, counted, columns);
  if (rows.length === 0) throw wrongValue(OP, "targets that count", 0, "none of them may be ignored");
  const temperature = 1 / rootOf((factor) => slopeAt(rows, factor), 1 / max, 1 / min);
  return Object.freeze({
    temperature,
    apply: (logits: Tensor) => div(checkTensor(`${OP}.apply`, logits), temperature),
  });
}

// --- internal helpers ---

const OP = "temperatureScaling";
const OPTIONS: OptionKinds<TemperatureScalingOptions> = { ignoreIndex: "any", min: "number", max: "number" };

/** The logits of a sample, each less that of the right class. */
type Row = Float64Array;

function rowsOf(values: ArrayLike<number>, classes: ArrayLike<number>, counted: ArrayLike<number>, columns: number): Row[] {
  const rows: Row[] = [];
  for (let i = 0; i < classes.length; i++) {
    if (counted[i] === 0) continue;
    const right = classes[i] as number;
    // Where the host could not look before.
    if (right < 0 || right >= columns) throw wrongValue(OP, `classes from 0 to ${columns - 1}`, right);
    const row = Float64Array.from({ length: columns }, (_, c) => values[i * columns + c] as number);
    for (const value of row) if (!Number.isFinite(value)) throw wrongValue(OP, "finite logits", value);
    const own = row[right] as number;
    rows.push(row.map((value) => value - own));
  }
  return rows;
}

/** The derivative of the summed negative log-likelihood by the factor of the logits: the mean logit under the model's probabilities, less the right one. It only rises. */
function slopeAt(rows: readonly Row[], factor: number): number {
  let slope = 0;
  for (const row of rows) {
    let largest = Number.NEGATIVE_INFINITY;
    for (const value of row) largest = Math.max(largest, value);
    let [sum, weighted] = [0, 0];
    for (const value of row) {
      const share = Math.exp(factor * (value - largest));
      sum += share;
      weighted += share * value;
    }
    slope += weighted / sum;
  }
  return slope;
}

/** Where a function that only rises is 0, between two ends; the nearer end where it is not 0 there. By halves of the ratio, to the last bit. */
function rootOf(f: (x: number) => number, from: number, to: number): number {
  if (f(from) >= 0) return from;
  if (f(to) <= 0) return to;
  let [low, high] = [from, to];
  for (;;) {
    const middle = Math.sqrt(low * high);
    if (middle <= low || middle >= high) return middle;
    if (f(middle) < 0) low = middle;
    else high = middle;
  }
}
