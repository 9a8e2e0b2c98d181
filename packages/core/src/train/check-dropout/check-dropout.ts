import { gradMode } from "../../autograd/grad-mode";
import type { GradNode } from "../../autograd/node";
import { isFloating } from "../../dtype/dtype";
import { isTensor } from "../../errors/brand";
import { wrongType, wrongValue } from "../../errors/refusal";
import type { Module } from "../../nn/module";
import { formatShape } from "../../shape/shape";
import type { Tensor } from "../../tensor/tensor";
import { layersIn } from "../dropout-layers";
import { checkModel, type Model } from "../mode";
import { type DropoutFinding, finding } from "./finding";
import { computedBy, dropsSamples, madeBy, maskOf } from "./flow";
import { copiesOf, MOST_INPUTS, untouched } from "./untouched";
import { type Watched, watch } from "./watch";

/**
 * Looks for the well-known mistakes with dropout in a model: those that raise no error, and only make it a little worse. The model is run on a sample, once in
 * training mode and once in eval mode, and is afterwards as it was: flags, masks, generators, running statistics and gradients.
 *
 * | kind | what |
 * |---|---|
 * | `draws-in-eval` | something random goes on in eval mode: `F.dropout` without `training`, a layer that `eval()` does not reach |
 * | `before-batch-norm` | dropout whose output reaches a layer that learns a running variance, by whatever way: the variance differs in inference (Li et al., [2018](https://arxiv.org/abs/1801.05134)). Masks of whole samples, as in stochastic depth, do not count |
 * | `after-last-layer` | the output of a dropout is the model's |
 * | `high-rate` | p above 0.8, which looks like a probability of keeping |
 * | `dropout2d-on-sequence` | 2-dimensional dropout of an input of 3 dimensions |
 * | `shared-layer` | one dropout layer that is called several times in a forward, but for those that hold their mask |
 * | `train-mode` | a model that trains under `noGrad`, or a dropout layer that trains in a model that does not |
 *
 * What is inside a `checkpoint` is not followed, nor what a model computes under `noGrad`. A model that is meant to draw in eval mode is found as well: the advice says so.
 *
 * @param model Any module.
 * @param sample Its input, or an array of all that its `forward` is called with; a small batch does, of two samples or more where there are batch norms.
 * @returns What was found, in the order of the table; nothing, where all is well. `dropoutReport` makes a text of it.
 * @throws TypeError for what is no module or no sample, and for a `forward` that returns a promise; RangeError for more than 255 inputs; and what the model throws.
 * @example
 * ```ts
 * const model = new nn.Sequential(new nn.Linear(4, 8), new nn.Dropout(0.9), new nn.BatchNorm1d(8), new nn.Linear(8, 2));
 * const findings = checkDropout(model, ones([3, 4]));
 * console.log(findings.map(({ kind, name }) => `${kind} ${name}`).join()); // before-batch-norm 1,high-rate 1
 * ```
 */
export function checkDropout(model: Model, sample: Tensor | readonly unknown[]): DropoutFinding[] {
  checkModel(OP, model);
  if (!isTensor(sample) && !Array.isArray(sample)) throw wrongType(OP, "a sample that is a tensor or an array of inputs", sample);
  const module = model as Module;
  const inputs = isTensor(sample) ? [sample] : sample;
  if (inputs.length > MOST_INPUTS) throw wrongValue(OP, `a sample of at most ${MOST_INPUTS} inputs`, inputs.length);
  const modes = inMode(module);
  return untouched(OP, module, inputs, () => {
    const trained = trainedOn(module, inputs);
    const evaluated = watch(OP, module, () => copiesOf(OP, inputs, false), false);
    return [
      ...drawsInEval(evaluated),
      ...beforeBatchNorm(trained),
      ...afterLastLayer(trained),
      ...highRates(module, trained),
      ...onSequences(trained),
      ...sharedLayers(module, trained),
      ...modes,
    ];
  });
}

// --- internal helpers ---

const OP = "checkDropout";

/** Above it, a rate looks like its opposite. */
const HIGH = 0.8;

/** A run in training, recorded from the inputs on; where an operation in place does not let that be, from the first parameter on. */
function trainedOn(model: Module, inputs: readonly unknown[]): Watched {
  const run = (recorded: boolean) => watch(OP, model, () => copiesOf(OP, inputs, recorded), true);
  for (const parameter of model.parameters()) if (isFloating(parameter.dtype)) parameter.requiresGrad = true;
  try {
    return run(true);
  } catch (error) {
    if ((error as Error).name !== "InPlaceError") throw error;
    return run(false);
  }
}

/** One finding for each name, with all that is to be said of it. */
function byName(kind: DropoutFinding["kind"], all: Iterable<readonly [name: string, fact: string]>): DropoutFinding[] {
  const facts = new Map<string, Set<string>>();
  for (const [name, fact] of all) facts.set(name, (facts.get(name) ?? new Set()).add(fact));
  return Array.from(facts, ([name, own]) => finding(kind, name, [...own].join(" and ")));
}

function drawsInEval({ draws }: Watched): DropoutFinding[] {
  return byName(
    "draws-in-eval",
    draws.map(({ name, op, shape }) => [name, shape === undefined ? op : `a mask of ${op}`]),
  );
}

function beforeBatchNorm({ calls, norms, callOf }: Watched): DropoutFinding[] {
  const dropped = dropsElements(calls);
  const outputs = new Set(norms.flatMap(({ output }) => output ?? []));
  const reached = norms.flatMap((norm) =>
    [...madeBy(norm.input, outputs)].filter(dropped).map((node) => [node, `the batch norm ${norm.name}`] as const),
  );
  reached.sort(([a], [b]) => a.id - b.id);
  return byName(
    "before-batch-norm",
    reached.map(([node, norm]) => [callOf(node).name, norm]),
  );
}

/** What drops: operations with a mask but those of whole samples, and the outputs of layers that lay noise without one. */
function dropsElements(calls: Watched["calls"]): (node: GradNode) => boolean {
  const noisy = noisyOutputs(calls);
  return (node) => {
    const mask = maskOf(node);
    return mask === null ? noisy.has(node) : !dropsSamples(mask);
  };
}

/** What layers that only drop gave out and did not just pass on. */
function noisyOutputs(calls: Watched["calls"]): ReadonlySet<GradNode> {
  const own = calls.filter(({ module, input, output }) => output !== input && onlyDrops(module));
  return new Set(own.flatMap(({ output }) => output ?? []));
}

/** Layers that do nothing but drop: not those with weights or parts, nor those of a step of a sequence, which are called with the state before. */
function onlyDrops(module: Module): boolean {
  const isDropout = Object.hasOwn(module, "p") && ("lastMask" in module || "lastNoise" in module);
  return isDropout && module.forward.length < 2 && module.children().next().done === true && module.parameters().next().done === true;
}

/** Attention weights that a model tells of beside its answer come after dropout, too: what another output is computed from is no last layer's. */
function afterLastLayer({ calls, outputs, callOf }: Watched): DropoutFinding[] {
  const ends = outputs.map(computedBy);
  const noisy = noisyOutputs(calls);
  const last = new Set(ends.filter((node) => node !== null && (maskOf(node) !== null || noisy.has(node))));
  const others = ends.filter((node) => !last.has(node)).map((node) => madeBy(node));
  const names = [...last]
    .filter((node) => node !== null && !others.some((made) => made.has(node)))
    .map((node) => callOf(node as GradNode).name);
  return byName(
    "after-last-layer",
    names.map((name) => [name, ""]),
  );
}

function highRates(model: Module, { draws, outputs, callOf }: Watched): DropoutFinding[] {
  const layers = layersIn(OP, model).map(({ name, p }) => ({ name, p }));
  // Where all is dropped nothing is drawn.
  const all = outputs.flatMap(({ node }) => [...madeBy(node)]).flatMap((node) => ({ name: callOf(node).name, p: maskOf(node)?.p }));
  const high = [...layers, ...draws, ...all].filter(({ p }) => p !== undefined && p > HIGH);
  return byName(
    "high-rate",
    high.map(({ name, p }) => [name, String(p)]),
  );
}

function onSequences({ draws }: Watched): DropoutFinding[] {
  const found = draws.filter(({ op, shape }) => op === "dropout2d" && shape?.length === 3);
  return byName(
    "dropout2d-on-sequence",
    found.map(({ name, shape = [] }) => [name, formatShape(shape)]),
  );
}

function sharedLayers(model: Module, { calls }: Watched): DropoutFinding[] {
  // What holds its mask is made to be shared.
  const layers = layersIn(OP, model).filter(({ module }) => onlyDrops(module as Module) && !("holdMask" in module));
  return layers.flatMap(({ name, module }) => {
    const count = calls.filter((call) => call.module === module).length;
    return count > 1 ? finding("shared-layer", name, `${count} calls`) : [];
  });
}

function inMode(model: Module): DropoutFinding[] {
  if (model.training) return gradMode.enabled ? [] : [finding("train-mode", "", "a model that trains under noGrad")];
  const left = layersIn(OP, model).filter(({ module }) => module.training);
  return left.map(({ name }) => finding("train-mode", name, "a dropout layer that trains in a model that does not"));
}
