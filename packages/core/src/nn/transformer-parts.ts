/** What the two kinds of transformer layers share: their options, their parts, and how a part stands between norm, dropout and the way around it. */
import type { Backend } from "../backend/backend";
import { deviceOf } from "../cpu/device-of";
import { checkInteger, type OptionKinds, optionsOf } from "../errors/options";
import { wrongValue } from "../errors/refusal";
import { gelu, relu } from "../functional/activations";
import { checkProbability } from "../functional/dropout-options";
import { checkEps } from "../functional/normalization";
import { type Generator, resolveGenerator } from "../random/generator";
import { checkShape } from "../shape/shape";
import { getDefaultBackend } from "../tensor/creation";
import type { Tensor } from "../tensor/tensor";
import { allOrNone } from "./all-or-none";
import { MultiheadAttention } from "./attention";
import { Dropout, type DropoutLayerOptions } from "./dropout";
import { Linear } from "./linear";
import type { Module } from "./module";
import { LayerNorm } from "./normalization";

/** What a transformer layer may be made with. */
export interface TransformerLayerOptions {
  /** The size between the two products of the feed-forward part. Default: 2048. */
  readonly dimFeedforward?: number;
  /** Probability of being dropped: attention weights, what attention gives, inside the feed-forward part, and what that gives. Default: 0.1. */
  readonly dropout?: number;
  /** Between the two products: a name, or a function of a tensor. Default: "relu". */
  readonly activation?: "relu" | "gelu" | ((x: Tensor) => Tensor);
  /** Added to the variance in norms. Default: 1e-5. */
  readonly layerNormEps?: number;
  /** Inputs and output are [batch, positions, size] in place of [positions, batch, size]. Default: false. */
  readonly batchFirst?: boolean;
  /** Norms stand before each part, not behind it. Default: false. */
  readonly normFirst?: boolean;
  /** Add biases, those of norms included. Default: true. */
  readonly bias?: boolean;
  /** Where the parameters live. Default: the default backend. */
  readonly backend?: Backend;
  /** Where initial values and masks come from. Default: the default generator. */
  readonly generator?: Generator;
}

/** The parts of a layer with one or two attentions; norms and the dropouts behind parts are one more. */
export interface TransformerParts {
  readonly attentions: readonly MultiheadAttention[];
  readonly linear1: Linear;
  readonly linear2: Linear;
  readonly norms: readonly LayerNorm[];
  readonly dropout: Dropout;
  readonly dropouts: readonly Dropout[];
  readonly activation: (x: Tensor) => Tensor;
  readonly normFirst: boolean;
}

/** Parts, drawn in PyTorch's order: attentions, then the feed-forward products. All of them, or none. */
export function transformerParts(
  op: string,
  dModel: number,
  nhead: number,
  options: TransformerLayerOptions | undefined,
  attentions: number,
): TransformerParts {
  const {
    dimFeedforward = 2048,
    dropout = 0.1,
    activation = "relu",
    layerNormEps = 1e-5,
    batchFirst = false,
    normFirst = false,
    bias = true,
    backend,
    generator: given,
  } = optionsOf<TransformerLayerOptions>(op, options, OPTIONS);
  for (const [name, size] of Object.entries({ dModel, nhead, dimFeedforward })) checkInteger(op, name, size, 1);
  if (dModel % nhead !== 0) throw wrongValue(op, `a dModel that ${nhead} heads divide`, dModel);
  if (typeof activation !== "function" && activation !== "relu" && activation !== "gelu") {
    throw wrongValue(op, 'activation "relu", "gelu" or a function', activation);
  }
  checkEps(op, layerNormEps);
  checkProbability(op, dropout);
  for (const size of [3 * dModel, dimFeedforward]) checkShape(op, [dModel, size]);
  deviceOf(backend === undefined ? getDefaultBackend() : backend, op);
  const on = backend === undefined ? {} : { backend };
  const from = given === undefined ? {} : { generator: given };
  const times = <T>(count: number, make: () => T) => Array.from({ length: count }, make);
  const drop = () => new SampleDropout(batchFirst, { p: dropout, ...from });
  return allOrNone(resolveGenerator(op, given), (own) => ({
    dropout: drop(),
    attentions: times(attentions, () => own(new MultiheadAttention(dModel, nhead, { dropout, bias, batchFirst, ...on, ...from }))),
    linear1: own(new Linear(dModel, dimFeedforward, { bias, ...on, ...from })),
    linear2: own(new Linear(dimFeedforward, dModel, { bias, ...on, ...from })),
    norms: times(attentions + 1, () => own(new LayerNorm(dModel, { eps: layerNormEps, bias, ...on }))),
    dropouts: times(attentions + 1, drop),
    activation: activation === "relu" ? relu : activation === "gelu" ? (x: Tensor) => gelu(x) : activation,
    normFirst,
  }));
}

/** What a part adds to its input: `x + dropout(part(norm(x)))`, or `norm(x + dropout(part(x)))`. */
export function around(x: Tensor, norm: LayerNorm, dropout: Dropout, normFirst: boolean, part: (x: Tensor) => Tensor): Tensor {
  if (normFirst) return x.add(dropout.forward(part(norm.forward(x))));
  return norm.forward(x.add(dropout.forward(part(x))));
}

/**
 * Gives a layer just made, by `make`, the values, flags and probabilities of another one. Nothing is drawn: what `make` draws on its way is given back.
 */
export function copied<L extends Module>(layer: L, given: Generator | undefined, make: (backend: Backend) => L): L {
  const generator = resolveGenerator("copy", given);
  const before = generator.getState();
  const [parameter] = layer.parameters();
  let copy: L;
  try {
    copy = make((parameter as Tensor).backend);
  } finally {
    generator.setState(before);
  }
  copy.loadStateDict(layer.stateDict());
  const originals = layer.modules();
  for (const own of copy.modules()) {
    const { value: original } = originals.next() as { value: Module };
    own.training = original.training;
    if (own instanceof Dropout) own.p = (original as Dropout).p;
    if (own instanceof MultiheadAttention) own.dropout = (original as MultiheadAttention).dropout;
  }
  const parameters = layer.parameters();
  for (const own of copy.parameters()) own.requiresGrad = (parameters.next().value as Tensor).requiresGrad;
  return copy;
}

// --- internal helpers ---

const OPTIONS: OptionKinds<TransformerLayerOptions> = {
  dimFeedforward: "any",
  dropout: "any",
  activation: "any",
  layerNormEps: "number",
  batchFirst: "flag",
  normFirst: "flag",
  bias: "flag",
  backend: "any",
  generator: "any",
};

/** Dropout that knows which dimension counts samples, for shards of a batch. */
class SampleDropout extends Dropout {
  static override get name(): string {
    return "Dropout";
  }

  readonly #batchFirst: boolean;

  constructor(batchFirst: boolean, options: DropoutLayerOptions) {
    super(options);
    this.#batchFirst = batchFirst;
  }

  protected override batchDim(input: Tensor): number {
    if (input.sizes.length !== 3) return -1;
    return this.#batchFirst ? 0 : 1;
  }
}
