import { checkInputs } from "../autograd/run";
import { composed } from "../autograd/scope";
import { checkFloating } from "../dtype/dtype";
import { ShapeError } from "../errors/errors";
import { type OptionKinds, optionsOf } from "../errors/options";
import { wrongValue } from "../errors/refusal";
import { checkTensor } from "../ops/binary";
import { formatShape, sameShape } from "../shape/shape";
import type { Tensor } from "../tensor/tensor";
import { atLeast } from "./at-least";
import { checkAlike, checkReduction, elementwise, hostElements, type LossOptions, type Reduction, reduced } from "./losses-shared";

/** Options of `klDivLoss`. */
export interface KlDivOptions {
  /** As for other losses, or `"batchmean"`: the sum over the first dimension's size, which is the divergence itself. Default: "mean". */
  readonly reduction?: Reduction | "batchmean";
  /** The target is given by its logarithms, too. Default: false. */
  readonly logTarget?: boolean;
}

/** Options of `gaussianNllLoss`. */
export interface GaussianNllOptions extends LossOptions {
  /** Add the constant `ln(2 pi) / 2`. Default: false. */
  readonly full?: boolean;
  /** The least variance that is divided by. Default: 1e-6. */
  readonly eps?: number;
}

/** Options of `poissonNllLoss`. */
export interface PoissonNllOptions extends LossOptions {
  /** The input is the logarithm of the rate. Default: true. */
  readonly logInput?: boolean;
  /** Add Stirling's approximation of `ln(target!)` for targets above 1. Default: false. */
  readonly full?: boolean;
  /** What keeps the logarithm of a rate of 0 finite. Default: 1e-8. */
  readonly eps?: number;
}

/** The options that these losses have. */
export const KL_DIV: OptionKinds<KlDivOptions> = { reduction: "any", logTarget: "flag" };
export const GAUSSIAN_NLL: OptionKinds<GaussianNllOptions> = { reduction: "any", full: "flag", eps: "number" };
export const POISSON_NLL: OptionKinds<PoissonNllOptions> = { reduction: "any", logInput: "flag", full: "flag", eps: "number" };

/** Refuses anything but the four reductions that `klDivLoss` has. */
export function checkKlDivReduction(op: string, reduction: unknown): void {
  if (reduction === "batchmean" || reduction === "mean" || reduction === "sum" || reduction === "none") return;
  throw wrongValue(op, 'reduction "mean", "batchmean", "sum" or "none"', reduction);
}

/** Refuses a bound of the variance that is not above 0. */
export function checkEps(op: string, eps: number): void {
  if (!(eps > 0)) throw wrongValue(op, "eps above 0", eps);
}

/**
 * The Kullback-Leibler divergence of the target from the input: `target (ln target - input)`, and 0 where the target is 0. Mirrors
 * [torch.nn.functional.kl_div](https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.kl_div.html).
 *
 * @param input Logarithms of probabilities, any shape; float32 or float64.
 * @param target Probabilities of the input's shape; with `logTarget` their logarithms.
 * @param options `reduction`: default "mean", over all elements; `"batchmean"` is the divergence as it is defined. `logTarget`: default false.
 * @throws As for `mseLoss`.
 * @example
 * ```ts
 * const input = tensor([[0.5, 0.5]]).log();
 * console.log(F.klDivLoss(input, tensor([[1, 0]]), { reduction: "batchmean" }).itemSync().toFixed(4)); // 0.6931
 * ```
 */
export function klDivLoss(input: Tensor, target: Tensor, options?: KlDivOptions): Tensor {
  const { reduction = "mean", logTarget = false } = optionsOf("klDivLoss", options, KL_DIV);
  checkKlDivReduction("klDivLoss", reduction);
  const each = (x: Tensor, y: Tensor): Tensor => {
    for (const { dtype } of [x, y]) checkFloating("klDivLoss", dtype);
    if (logTarget) return y.exp().mul(y.sub(x));
    // The logarithm of 0 is left out: it would make 0 times infinity.
    return y.where(y.ne(0), 1).log().sub(x).mul(y);
  };
  if (reduction !== "batchmean") return elementwise("klDivLoss", input, target, { reduction }, each);
  const rows = checkTensor("klDivLoss", input).sizes[0] ?? 1;
  return composed(() => elementwise("klDivLoss", input, target, { reduction: "sum" }, each).div(rows));
}

/**
 * Minus the logarithm of the density of targets under normal distributions: `(ln v + (input - target)^2 / v) / 2`. Mirrors
 * [torch.nn.functional.gaussian_nll_loss](https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.gaussian_nll_loss.html).
 *
 * @param input Means, any shape; float32 or float64.
 * @param target Of the input's shape.
 * @param variance Of the input's shape, or the same with a last dimension of 1 or without the last: one for each row.
 * @param options `full`: default false. `eps`: default 1e-6, the least variance; the gradient passes below it, too. `reduction`: default "mean".
 * @throws RangeError for an eps that is not above 0 and, on a host-visible backend, a variance below 0; ShapeError for one that does not fit, else as
 *   for `mseLoss`.
 * @example
 * ```ts
 * console.log(F.gaussianNllLoss(tensor([1, 2]), tensor([1, 4]), ones([2])).itemSync()); // 1
 * ```
 */
export function gaussianNllLoss(input: Tensor, target: Tensor, variance: Tensor, options?: GaussianNllOptions): Tensor {
  const op = "gaussianNllLoss";
  const { reduction = "mean", full = false, eps = 1e-6 } = optionsOf(op, options, GAUSSIAN_NLL);
  checkReduction(op, reduction);
  checkEps(op, eps);
  const [x, y] = checkAlike(op, ["the input", "the target"] as const, [input, target]);
  const v = checkVariance(op, x, variance);
  return composed(() => {
    const rows = v.sizes.length < x.sizes.length ? v.unsqueeze(-1) : v;
    const bounded = atLeast(rows, eps);
    const difference = x.sub(y);
    const losses = bounded.log().add(difference.mul(difference).div(bounded)).mul(0.5);
    return reduced(op, full ? losses.add(0.5 * Math.log(2 * Math.PI)) : losses, reduction);
  });
}

/**
 * Minus the logarithm of the probability of counts under Poisson distributions, without `ln(target!)`. Mirrors
 * [torch.nn.functional.poisson_nll_loss](https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.poisson_nll_loss.html).
 *
 * @param input Logarithms of rates, any shape; rates where `logInput` is false. float32 or float64.
 * @param target Counts, of the input's shape.
 * @param options `logInput`: default true. `full`: default false. `eps`: default 1e-8. `reduction`: default "mean".
 * @throws As for `mseLoss`.
 * @example
 * ```ts
 * console.log(F.poissonNllLoss(zeros([2]), tensor([0, 3])).itemSync()); // 1
 * ```
 */
export function poissonNllLoss(input: Tensor, target: Tensor, options?: PoissonNllOptions): Tensor {
  const op = "poissonNllLoss";
  const { reduction, logInput = true, full = false, eps = 1e-8 } = optionsOf(op, options, POISSON_NLL);
  return elementwise(op, input, target, { reduction }, (x, y) => {
    checkFloating(op, x.dtype);
    const losses = logInput ? x.exp().sub(y.mul(x)) : x.sub(x.add(eps).log().mul(y));
    return full ? losses.add(stirling(y.type(losses.dtype))) : losses;
  });
}

// --- internal helpers ---

/** `ln(y!)` by Stirling's formula, and 0 for 0 and 1. */
function stirling(y: Tensor): Tensor {
  const counts = y.gt(1);
  const n = y.where(counts, 1);
  const approximation = n
    .mul(n.log())
    .sub(n)
    .add(
      n
        .mul(2 * Math.PI)
        .log()
        .mul(0.5),
    );
  return approximation.where(counts, 0);
}

function checkVariance(op: string, x: Tensor, variance: Tensor): Tensor {
  const v = checkTensor(op, variance, "the variance");
  checkInputs(op, [x, v]);
  checkFloating(op, v.dtype);
  const rows = x.sizes.slice(0, -1);
  const isFitting = sameShape(v.sizes, x.sizes) || (x.sizes.length > 0 && (sameShape(v.sizes, rows) || sameShape(v.sizes, [...rows, 1])));
  if (!isFitting) {
    const detail = `expected a variance of shape ${formatShape(x.sizes)}, or one for each row, got ${formatShape(v.sizes)}`;
    throw new ShapeError(op, [x.sizes, v.sizes], detail);
  }
  for (const value of hostElements(v) ?? []) if (value < 0) throw wrongValue(op, "a variance of 0 or more", value);
  return v;
}
