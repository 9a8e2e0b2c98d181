import { checkFloating } from "../dtype/dtype";
import { checkFunction, type OptionKinds, optionsOf } from "../errors/options";
import { refusal, wrongType, wrongValue } from "../errors/refusal";
import { checkTensor } from "../ops/binary";
import { type Generator, resolveGenerator } from "../random/generator";
import { ones, randn, tensor } from "./creation";
import { grad } from "./grad";
import type { Tensor } from "./tensor";
import { tidy } from "./tidy";

/** Options of `gradcheck` and `gradgradcheck`. */
export interface GradcheckOptions {
  /** Step of the numerical derivative. Default: 1e-6. */
  readonly eps?: number;
  /** Absolute tolerance. Default: 1e-5. */
  readonly atol?: number;
  /** Relative tolerance. Default: 1e-3. */
  readonly rtol?: number;
  /** The generator that `fn` draws from; its state is restored before each evaluation. Default: the default generator. */
  readonly generator?: Generator;
}

/**
 * Compares the gradients of `fn` with central differences, on a host-visible backend. Mirrors
 * [torch.autograd.gradcheck](https://docs.pytorch.org/docs/stable/generated/torch.autograd.gradcheck.gradcheck.html).
 *
 * @param fn The function; it may draw masks, since the generator is put back before each evaluation.
 * @param inputs Its arguments, of any shape; those that require a gradient are checked, and are float64.
 * @param options Step and tolerances as PyTorch's.
 * @returns true, never false.
 * @throws Error that names the first entry that differs; TypeError for float32 inputs that require a gradient; UnsupportedOpError elsewhere than on a
 *   host-visible backend.
 * @example
 * ```ts
 * const x = randn([3, 2], { dtype: "float64", requiresGrad: true });
 * console.log(gradcheck((x) => F.dropout(x.mul(x).exp(), 0.5), [x])); // true
 * ```
 */
export function gradcheck(fn: (...inputs: Tensor[]) => Tensor, inputs: readonly Tensor[], options?: GradcheckOptions): boolean {
  return check("gradcheck", fn, tensorsOf("gradcheck", inputs), options);
}

/**
 * Compares the gradients of the gradients of `fn` with central differences. Mirrors
 * [torch.autograd.gradgradcheck](https://docs.pytorch.org/docs/stable/generated/torch.autograd.gradcheck.gradgradcheck.html).
 *
 * @param inputs As for `gradcheck`, and so are options, result and errors.
 */
export function gradgradcheck(fn: (...inputs: Tensor[]) => Tensor, inputs: readonly Tensor[], options?: GradcheckOptions): boolean {
  const given = tensorsOf("gradgradcheck", inputs);
  checkFunction("gradgradcheck", fn, ADVICE);
  const gradient = (...args: Tensor[]): Tensor => {
    const targets = args.filter((_, i) => given[i]?.requiresGrad);
    for (const x of targets) x.requiresGrad = true;
    // Squared, so that a gradient that is constant still has a slope to check.
    const output = checkOutput("gradgradcheck", fn(...args));
    const grads = grad(output.mul(output).sum(), targets, { createGraph: true, allowUnused: true });
    return grads
      .map((g) => g.reshape([-1]).sum())
      .reduce((total, g, i) => total.add(g.mul(i + 1)), ones([], { dtype: "float64", backend: output.backend }));
  };
  return check("gradgradcheck", gradient, given, options);
}

// --- internal helpers ---

const GRADCHECK: OptionKinds<GradcheckOptions> = { eps: "number", atol: "number", rtol: "number", generator: "any" };
const ADVICE = "pass what computes a tensor from the inputs";

function tensorsOf(op: string, inputs: readonly Tensor[]): Tensor[] {
  if (!Array.isArray(inputs)) throw wrongType(op, "an array of inputs", inputs, "write [x]");
  return Array.from(inputs, (x) => checkTensor(op, x, "each input"));
}

/** What the function returned, when there is a gradient to compute from it. */
function checkOutput(op: string, value: Tensor): Tensor {
  const output = checkTensor(op, value, "what the function returns");
  checkFloating(op, output.dtype);
  if (!output.requiresGrad)
    throw wrongValue(op, "a function of inputs that require a gradient", output, "set requiresGrad on what it computes from");
  return output;
}

function check(op: string, fn: (...inputs: Tensor[]) => Tensor, inputs: readonly Tensor[], options?: GradcheckOptions): boolean {
  const { eps = 1e-6, atol = 1e-5, rtol = 1e-3, generator: given } = optionsOf(op, options, GRADCHECK);
  for (const [name, tolerance] of [
    ["atol", atol],
    ["rtol", rtol],
  ] as const)
    if (tolerance < 0) throw wrongValue(op, `${name} of 0 or more`, tolerance);
  const generator = resolveGenerator(op, given);
  checkFunction(op, fn, ADVICE);
  for (const x of inputs) {
    if (x.requiresGrad && x.dtype !== "float64") throw refusal(op, "float64 inputs", x.dtype, 'make them with { dtype: "float64" }');
  }
  const state = generator.getState();
  const call = (...args: Tensor[]): Tensor => {
    generator.setState(state);
    return checkTensor(op, fn(...args), "what the function returns");
  };
  const compare = (): void => {
    const output = checkOutput(op, call(...inputs));
    // One random weighting of the outputs checks all of them at once; a wrong entry hides only by accident.
    const weights = randn(output.sizes, { dtype: output.dtype, backend: output.backend, generator: generator.clone() });
    const loss = (...args: Tensor[]): number =>
      tidy(() =>
        call(...args)
          .mul(weights)
          .sum()
          .detach(),
      ).itemSync();
    const targets = inputs.filter((x) => x.requiresGrad);
    const analytic = grad(output.mul(weights).sum(), targets, { allowUnused: true }).map((g) => g.dataSync());
    targets.forEach((target, k) => {
      const values = target.dataSync();
      const shifted = (i: number, by: number): number => {
        const moved = values.slice();
        moved[i] = (values[i] as number) + by;
        const x = tensor(moved, { shape: target.sizes, backend: target.backend });
        return loss(...inputs.map((input) => (input === target ? x : input)));
      };
      for (let i = 0; i < values.length; i++) {
        const numeric = (shifted(i, eps) - shifted(i, -eps)) / (2 * eps);
        const computed = analytic[k]?.[i] as number;
        if (!(Math.abs(computed - numeric) <= atol + rtol * Math.abs(numeric))) {
          throw new Error(
            `${op}: expected gradient ${numeric} of input ${k} at element ${i}, got ${computed} - check the backward formula`,
          );
        }
      }
    });
  };
  try {
    tidy(compare);
  } finally {
    generator.setState(state);
  }
  return true;
}
