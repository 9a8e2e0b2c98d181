import { checkInputs } from "../autograd/run";
import { composed } from "../autograd/scope";
import { checkFloating, createTypedArray, type TypedArray } from "../dtype/dtype";
import { ShapeError } from "../errors/errors";
import { checkInteger, optionsOf } from "../errors/options";
import { wrongValue } from "../errors/refusal";
import { checkTensor } from "../ops/binary";
import { attempt, drawRaces, drawRand, drawTimes, drawWeighted, firstAbove } from "../random/draws";
import { type Generator, resolveGenerator } from "../random/generator";
import type { FloatType } from "../random/source";
import { formatShape } from "../shape/shape";
import type { Tensor } from "../tensor/tensor";
import { drawn, hostTensor } from "./host-tensor";
import { hostElements } from "./losses-shared";
import { cumsum } from "./scan";
import { topk } from "./sorting";

/** Options of `multinomial`. */
export interface MultinomialOptions {
  /** A place may be drawn again. Default: false. */
  readonly replacement?: boolean;
  /** Where words come from. Default: the default generator. */
  readonly generator?: Generator;
}

/**
 * Places of weights, each as likely as its weight says. Mirrors [torch.multinomial](https://docs.pytorch.org/docs/stable/generated/torch.multinomial.html).
 *
 * Words are drawn on the host, in one call, and places selected where the weights are, by sums and products that round alike everywhere: a seed gives the
 * same places on every backend, and nothing waits. Without replacement, place i of a row races with `f32(-1 / log(u_i))` times its weight, and the first
 * ones win, which is the order in which they would be drawn one after the other. With it, each draw takes the first weight above 0 whose sum, as `cumsum`
 * adds, is above `u` times the largest sum.
 *
 * @param input Weights of 0 or more, `[places]` or `[rows, places]`, float; a row needs not sum to 1. Below 1e-28 and above 1e28 float32 has no room for the race.
 * @param numSamples How many places of each row; without replacement at most as many as there are.
 * @param options `replacement`: default false. `generator`: default the default generator.
 * @returns int32, `[numSamples]` or `[rows, numSamples]`. It has no gradient.
 * @throws TypeError for integers; ShapeError for another number of dimensions; RangeError for a number of samples that is no integer above 0 or more than there
 *   are places; where the host can look also RangeError for weights that are negative, NaN or infinite and for rows with too few above 0 (PyTorch draws such a
 *   0 without a word; so does a device that cannot look).
 * @example
 * ```ts
 * const next = multinomial(tensor([0, 3, 1]), 2, { generator: new Generator(1) });
 * console.log(next.dataSync().join(" ")); // 2 1
 * ```
 */
export function multinomial(input: Tensor, numSamples: number, options?: MultinomialOptions): Tensor {
  const op = "multinomial";
  const { replacement = false, generator: given } = optionsOf<MultinomialOptions>(op, options, { replacement: "flag", generator: "any" });
  const x = checkTensor(op, input);
  checkFloating(op, x.dtype);
  checkInputs(op, [x]);
  const count = x.sizes.at(-1);
  if (count === undefined || x.sizes.length > 2) {
    throw new ShapeError(op, [x.sizes], `expected [places] or [rows, places], got ${formatShape(x.sizes)}`);
  }
  checkInteger(op, "numSamples", numSamples, 1);
  if (!replacement && numSamples > count) throw wrongValue(op, `numSamples of at most ${count} without replacement`, numSamples);
  const rows = x.sizes.length === 2 ? (x.sizes[0] as number) : 1;
  checkWeights(op, hostElements(x), rows, count, replacement ? 1 : numSamples);
  const generator = resolveGenerator(op, given);
  return attempt(generator, () =>
    composed(() => {
      const weights = x.detach().reshape([rows, count]);
      // Other frameworks have one way for a single draw.
      const places =
        replacement && !(generator.source.stream && numSamples === 1)
          ? drawnAgain(weights, numSamples, generator)
          : drawnOnce(weights, numSamples, generator);
      return places.reshape([...x.sizes.slice(0, -1), numSamples]);
    }),
  );
}

// --- internal helpers ---

function checkWeights(op: string, elements: TypedArray | undefined, rows: number, count: number, needed: number): void {
  if (count === 0) throw wrongValue(op, "at least one place", 0);
  for (let row = 0; elements !== undefined && row < rows; row++) {
    const weights = elements.subarray(row * count, (row + 1) * count);
    let above = 0;
    for (const weight of weights) {
      if (!(weight >= 0 && weight < Number.POSITIVE_INFINITY)) throw wrongValue(op, "finite weights of 0 or more", weight);
      above += Number(weight > 0);
    }
    if (above < needed) throw wrongValue(op, `at least ${needed} weights above 0 in row ${row}`, above);
  }
}

/** The places that win the race, first ones first. */
function drawnOnce(weights: Tensor, samples: number, generator: Generator): Tensor {
  const speeds = generator.source.stream
    ? weights.div(hostTensor(weights, weights.sizes, inDtype(weights, drawTimes(generator, weights.size, weights.dtype as FloatType))))
    : weights.mul(drawn(weights, weights.sizes, (length) => drawRaces(generator, length)));
  return topk(speeds, { k: samples }).indices;
}

/** For each draw the first place whose running sum is above what it wants. Places of weight 0 are passed over: their sums may round up. */
function drawnAgain(weights: Tensor, samples: number, generator: Generator): Tensor {
  const [rows, count] = weights.sizes as [number, number];
  const weightsHere = generator.source.stream && hostElements(weights);
  if (weightsHere) {
    const own = inDtype(weights, weightsHere);
    const places = createTypedArray("int32", rows * samples);
    for (let row = 0; row < rows; row++) {
      places.set(drawWeighted(generator, own.subarray(row * count, (row + 1) * count), samples), row * samples);
    }
    return hostTensor(weights, [rows, samples], places);
  }
  const sums = cumsum(weights, { dim: 1 }).where(weights.gt(0), 0);
  const uniform = drawn(weights, [rows, samples], (length) =>
    Float32Array.from(drawRand(generator, length, generator.source.stream && "float64")),
  );
  const wanted = uniform.mul(sums.amax({ dim: 1, keepdim: true }));
  const [sumsHere, wantedHere] = [hostElements(sums), hostElements(wanted)];
  if (sumsHere !== undefined && wantedHere !== undefined) {
    return hostTensor(weights, [rows, samples], found(sumsHere, wantedHere, count, samples));
  }
  return sums
    .reshape([rows, 1, count])
    .gt(wanted.reshape([rows, samples, 1]))
    .argmax({ dim: 2 });
}

/** Numbers in the weights' dtype. */
function inDtype({ dtype }: Tensor, numbers: TypedArray): Float32Array | Float64Array {
  return dtype === "float64" ? Float64Array.from(numbers) : Float32Array.from(numbers);
}

/** The same on the host: found by halving, among sums made to rise. */
function found(sums: TypedArray, wanted: TypedArray, count: number, samples: number): Int32Array {
  const rising = createTypedArray("float64", sums.length);
  for (let i = 0; i < sums.length; i++) {
    const before = i % count === 0 ? 0 : (rising[i - 1] as number);
    rising[i] = Math.max(before, sums[i] as number);
  }
  return Int32Array.from({ length: wanted.length }, (_, i) => {
    const start = Math.floor(i / samples) * count;
    return firstAbove(rising.subarray(start, start + count), wanted[i] as number);
  });
}
