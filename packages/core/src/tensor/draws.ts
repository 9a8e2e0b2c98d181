import { checkInputs } from "../autograd/run";
import { composed } from "../autograd/scope";
import { checkDType, checkFloating, type DType, isFloating, type TypedArray } from "../dtype/dtype";
import { checkInteger, checkNumber, optionsOf } from "../errors/options";
import { refusal, wrongValue } from "../errors/refusal";
import { checkTensor } from "../ops/binary";
import { attempt, drawIntegers, drawMarks, drawPermutation, drawRandn } from "../random/draws";
import { type Generator, resolveGenerator } from "../random/generator";
import type { FloatType } from "../random/source";
import { checkShape, type Shape, sizeOf } from "../shape/shape";
import { CREATION, make, placementOf, type RandomOptions } from "./creation";
import { convert } from "./elements";
import type { Tensor } from "./tensor";
import { layoutFrom } from "./transfer";

/**
 * Integers in [low, high), each as likely as any other, drawn on the host like `rand`. Mirrors [torch.randint](https://docs.pytorch.org/docs/stable/generated/torch.randint.html).
 *
 * @param low The least of them.
 * @param high The first one above them.
 * @param shape Sizes, outermost first.
 * @param options `dtype`: default "int32". `generator`: default the default generator.
 * @throws RangeError for bounds that are no int32 integers in this order, and as for `zeros`.
 * @example
 * ```ts
 * const dice = randint(1, 7, [100], { generator: new Generator(1) });
 * console.log(dice.amin().itemSync(), dice.amax().itemSync()); // 1 6
 * ```
 */
export function randint(low: number, high: number, shape: Shape, options?: RandomOptions): Tensor {
  checkInteger("randint", "low", low, -(2 ** 31));
  checkInteger("randint", "high", high, low + 1);
  if (high > 2 ** 31) throw wrongValue("randint", "high of at most 2^31", high);
  const range = high - low;
  return drawn("randint", shape, "int32", options, (generator, size) =>
    drawIntegers(generator, range, size).map((value) => shifted(value, low, range)),
  );
}

/**
 * 0 to n - 1 in a random order, drawn on the host. Mirrors [torch.randperm](https://docs.pytorch.org/docs/stable/generated/torch.randperm.html).
 *
 * @param n How many.
 * @param options `dtype`: default "int32". `generator`: default the default generator.
 * @throws RangeError for an n that is no integer of 0 or more, and as for `zeros`.
 */
export function randperm(n: number, options?: RandomOptions): Tensor {
  checkInteger("randperm", "n", n, 0);
  return drawn("randperm", [n], "int32", options, drawPermutation);
}

/**
 * Normal with the given mean and standard deviation, drawn on the host like `randn`. Mirrors [torch.normal](https://docs.pytorch.org/docs/stable/generated/torch.normal.html)
 * with numbers.
 *
 * @param mean Their mean.
 * @param std Their standard deviation, 0 or more.
 * @param shape Sizes, outermost first.
 * @param options As for `randn`.
 * @throws RangeError for a std below 0; else as for `randn`.
 */
export function normal(mean: number, std: number, shape: Shape, options?: RandomOptions): Tensor {
  checkNumber("normal", "mean", mean);
  checkNumber("normal", "std", std);
  if (std < 0) throw wrongValue("normal", "std of 0 or more", std);
  return drawn("normal", shape, "float32", options, (generator, size, dtype) =>
    drawRandn(generator, size, dtype).map((value) => value * std + mean),
  );
}

/**
 * 1 with the probability that each element of the input is, else 0, drawn on the host and compared where the input is. Mirrors
 * [torch.bernoulli](https://docs.pytorch.org/docs/stable/generated/torch.bernoulli.html).
 *
 * @param input Probabilities in [0, 1], any shape; float32 or float64. The result is of its dtype, and has no gradient.
 * @param options `generator`: default the default generator.
 * @throws TypeError for integers.
 * @example
 * ```ts
 * console.log(bernoulli(tensor([0, 1])).dataSync().join(" ")); // 0 1
 * ```
 */
export function bernoulli(input: Tensor, options?: { generator?: Generator }): Tensor {
  const { generator: given } = optionsOf<{ generator?: Generator }>("bernoulli", options, { generator: "any" });
  const p = checkTensor("bernoulli", input);
  checkFloating("bernoulli", p.dtype);
  checkInputs("bernoulli", [p]);
  const generator = resolveGenerator("bernoulli", given);
  return attempt(generator, () =>
    composed(() => {
      const dtype = generator.source.stream ? (p.dtype as FloatType) : "float32";
      const uniform = p.wrap(
        layoutFrom(p.storage.device, dtype, p.sizes, () => convert("bernoulli", drawMarks(generator, p.size, dtype), dtype)),
      );
      return uniform.lt(p.detach()).type(p.dtype);
    }),
  );
}

// --- internal helpers ---

/** Numbers beyond 2^31 come as negative ones. */
function shifted(value: number, low: number, range: number): number {
  return (value < 0 && range > 2 ** 31 ? value + 2 ** 32 : value) + low;
}

/** Numbers from the generator, which is asked once there is memory for them: a refused call takes no call number. */
function drawn(
  op: string,
  sizes: Shape,
  usual: DType,
  options: RandomOptions | undefined,
  draw: (generator: Generator, size: number, dtype: FloatType) => TypedArray,
): Tensor {
  const shape = checkShape(op, sizes);
  const { dtype: wanted = usual, generator: given, ...rest } = optionsOf<RandomOptions>(op, options, { ...CREATION, generator: "any" });
  const dtype = checkDType(op, wanted);
  if (dtype === "bool" || (isFloating(usual) && !isFloating(dtype))) {
    throw refusal(op, isFloating(usual) ? "a float dtype" : "a dtype of numbers", dtype, `convert the result with type("${dtype}")`);
  }
  const generator = resolveGenerator(op, given);
  const placed = placementOf(op, dtype, rest);
  return attempt(generator, () =>
    make(placed, () =>
      layoutFrom(placed.device, dtype, shape, () => convert(op, draw(generator, sizeOf(shape), dtype as FloatType), dtype)),
    ),
  );
}
