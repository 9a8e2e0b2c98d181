import { computeGradients, type Wanted } from "../autograd/engine";
import type { GradNode } from "../autograd/node";
import { withScope } from "../autograd/scope";
import { isFloating } from "../dtype/dtype";
import { isTensor } from "../errors/brand";
import { ShapeError } from "../errors/errors";
import { type OptionKinds, optionsOf } from "../errors/options";
import { wrongType, wrongValue } from "../errors/refusal";
import { checkTensor } from "../ops/binary";
import { constantLike } from "../ops/layout";
import { formatShape } from "../shape/shape";
import { zeros } from "./creation";
import type { Tensor } from "./tensor";
import { checkGradient } from "./transfer";

/** Options of `grad`. */
export interface GradOptions {
  /** The gradients of the outputs; default 1 for outputs of one element. */
  readonly gradOutputs?: Tensor | readonly Tensor[];
  /** Make the results differentiable, for second derivatives. Default: false. */
  readonly createGraph?: boolean;
  /** Keep the graph for another call. Default: the value of `createGraph`. */
  readonly retainGraph?: boolean;
  /** Give zeros for an input the outputs do not depend on, instead of throwing. Default: false. */
  readonly allowUnused?: boolean;
}

/**
 * The gradients of `outputs` by `inputs`, as new tensors; no tensor's `grad` changes. Mirrors [torch.autograd.grad](https://docs.pytorch.org/docs/stable/generated/torch.autograd.grad.html), but that unused
 * inputs get zeros, not None, under `allowUnused`.
 *
 * @param outputs One tensor or several, of one element each unless `gradOutputs` are given.
 * @param inputs One tensor or several, of which the outputs were computed.
 * @param options As below; none is needed for first derivatives of a loss.
 * @returns One gradient for each input, of its shape and dtype.
 * @throws TypeError for what is no tensor; RangeError for an input the outputs do not depend on or that requires no gradient; ShapeError, DisposedError,
 *   InPlaceError and OutOfMemoryError as for `backward`, and as there a graph that is not kept is given up on the way.
 * @example
 * ```ts
 * const x = tensor(2, { requiresGrad: true });
 * const [dx] = grad(x.pow(3), x, { createGraph: true }); // 3 x^2
 * const [ddx] = grad(dx as Tensor, x); // 6 x
 * console.log(dx?.itemSync(), ddx?.itemSync()); // 12 12
 * ```
 */
export function grad(outputs: Tensor | readonly Tensor[], inputs: Tensor | readonly Tensor[], options?: GradOptions): Tensor[] {
  const roots = listOf("outputs", outputs);
  const targets = listOf("inputs", inputs);
  const { createGraph = false, retainGraph = createGraph, allowUnused = false, gradOutputs } = optionsOf("grad", options, GRAD);
  const given = gradOutputs === undefined ? [] : listOf("gradOutputs", gradOutputs);
  if (given.length > 0 && given.length !== roots.length) {
    throw new RangeError(`grad: expected as many gradOutputs as outputs, got ${given.length} for ${roots.length}`);
  }
  for (const x of [...roots, ...targets]) {
    if (!x.requiresGrad) {
      throw wrongValue("grad", "tensors that require a gradient", x, isFloating(x.dtype) ? "set requiresGrad" : `${x.dtype} has none`);
    }
  }
  roots.forEach((root, i) => {
    checkSeed(root, given[i]);
  });
  return withScope(
    false,
    () => {
      const seeds = roots.map((root, i) => given[i] ?? constantLike(root, 1, root.sizes));
      const found = computeGradients(roots, seeds, { retainGraph, createGraph }, (nodes) => wantedBy(targets, nodes));
      const missing = targets.findIndex((target) => !found.has(target));
      if (missing >= 0 && !allowUnused) {
        throw new RangeError(
          `grad: expected outputs that depend on all inputs, got none for input ${missing} - pass { allowUnused: true } for zeros`,
        );
      }
      return targets.map((target) => found.get(target) ?? zeros(target.sizes, { dtype: target.dtype, backend: target.backend }));
    },
    (gradients) => gradients,
  );
}

// --- internal helpers ---

const GRAD: OptionKinds<GradOptions> = { gradOutputs: "any", createGraph: "flag", retainGraph: "flag", allowUnused: "flag" };

/** Gradients of the targets alone: what leads to none of them is not computed. */
function wantedBy(targets: readonly Tensor[], nodes: readonly GradNode[]): Wanted {
  const wanted = new Set<GradNode | Tensor>();
  // A target inside the graph is reached through the node that made it.
  const inside = new Map<GradNode, Tensor>();
  for (const target of targets) {
    wanted.add(target.node ?? target);
    if (target.node !== null) inside.set(target.node, target);
  }
  for (const node of nodes) if (node.edges.some((edge) => edge !== null && wanted.has(edge))) wanted.add(node);
  return { leads: (to) => wanted.has(to), captured: (node) => inside.get(node) };
}

function listOf(name: string, value: Tensor | readonly Tensor[]): readonly Tensor[] {
  if (isTensor(value)) return [checkTensor("grad", value)];
  if (!Array.isArray(value)) throw wrongType("grad", `${name} to be a Tensor or an array of them`, value);
  return Array.from(value, (x) => checkTensor("grad", x, `each of ${name}`));
}

function checkSeed(root: Tensor, given: Tensor | undefined): void {
  if (given !== undefined) {
    checkGradient("grad", root, given);
  } else if (root.size !== 1) {
    throw new ShapeError(
      "grad",
      [root.sizes],
      `expected one element, got shape ${formatShape(root.sizes)} - reduce it, or pass gradOutputs`,
    );
  }
}
