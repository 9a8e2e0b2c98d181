import { withScope } from "../autograd/scope";
import type { Backend } from "../backend/backend";
import { deviceOf } from "../cpu/device-of";
import { raw } from "../errors/brand";
import { ShapeError } from "../errors/errors";
import { checkBoolean, checkInteger, type OptionKinds, optionsOf } from "../errors/options";
import { wrongType, wrongValue } from "../errors/refusal";
import { attend } from "../functional/attention";
import { blockedMask } from "../functional/attention-mask";
import { checkProbability } from "../functional/dropout-options";
import { drawMask, type MaskRecord } from "../functional/dropout-select";
import { linear } from "../functional/math";
import { checkTensor } from "../ops/binary";
import { drawing } from "../random/drawing";
import { attempt } from "../random/draws";
import { type Generator, resolveGenerator } from "../random/generator";
import { checkShape, formatShape, type Shape } from "../shape/shape";
import { getDefaultBackend } from "../tensor/creation";
import type { Tensor } from "../tensor/tensor";
import { allOrNone } from "./all-or-none";
import { type AttentionPast, joined, remember } from "./attention-past";
import { checkParts } from "./check-parts";
import { HeadDropout } from "./dropout-structured";
import { filledParts } from "./filled";
import { zeros } from "./init";
import { Linear } from "./linear";
import { Module } from "./module";
import { Parameter } from "./parameter";
import { uniformParameters } from "./uniform";

/** What a `MultiheadAttention` may be made with. */
export interface MultiheadAttentionOptions {
  /** Probability of an attention weight being dropped, in [0, 1]. Default: 0. */
  readonly dropout?: number;
  /** Probability of a whole head being dropped, in [0, 1], by a `HeadDropout` before the output's projection. PyTorch has none. Default: no such layer. */
  readonly headDropout?: number;
  /** Add a bias to the four projections. Default: true. */
  readonly bias?: boolean;
  /** The last size of the keys. Default: `embedDim`. */
  readonly kdim?: number;
  /** The last size of the values. Default: `embedDim`. */
  readonly vdim?: number;
  /** Inputs and output are [batch, positions, size] in place of [positions, batch, size]. Default: false. */
  readonly batchFirst?: boolean;
  /** Learnt keys and values behind the given ones: only false, PyTorch's default, is there. */
  readonly addBiasKv?: false;
  /** Where the parameters live. Default: the default backend. */
  readonly backend?: Backend;
  /** Where initial values and masks come from. Default: the default generator. */
  readonly generator?: Generator;
}

/** What a call of `MultiheadAttention` may take. */
export interface MultiheadAttentionCall {
  /** `[batch, keys]` (`[keys]` without a batch): **true blocks a key**, or float, added to its products. Default: none. */
  readonly keyPaddingMask?: Tensor | null;
  /** `[queries, keys]`, or `[batch * heads, queries, keys]`: **true blocks** what `functional.scaledDotProductAttention` would let through; or float, added. Default: none. */
  readonly attnMask?: Tensor | null;
  /** Return the weights, too. Default: true. */
  readonly needWeights?: boolean;
  /** Return their mean over the heads. Default: true. */
  readonly averageAttnWeights?: boolean;
  /** Query i sees no key behind its own place, whatever `attnMask` says; counted from the first key of `past`. PyTorch wants the mask as well. Default: false. */
  readonly isCausal?: boolean;
  /** Keys and values of earlier calls, which this one adds its own to. Default: none. */
  readonly past?: AttentionPast | null;
}

/**
 * Attention of several heads between four projections. Mirrors [torch.nn.MultiheadAttention](https://docs.pytorch.org/docs/stable/generated/torch.nn.MultiheadAttention.html)
 * (Vaswani et al., [2017](https://arxiv.org/abs/1706.03762)), with the names of its parameters.
 *
 * In training, weights are dropped after the softmax, by one mask over [batch, heads, queries, keys] in row-major order, whichever dimension comes first in
 * the inputs. The weights returned are those after dropout, as in PyTorch: in training their rows do not sum to 1; of dropped heads they show nothing. A query that sees no key gives what zeros give,
 * and weights of zeros (PyTorch: NaN, when weights are asked for).
 *
 * The output's projection draws first, as `Linear` does, and then those of query, key and value, uniform in ±sqrt(6 / (their sizes' sum)); all biases start as zeros.
 *
 * @throws RangeError for sizes that are no positive integers, an `embedDim` that `numHeads` does not divide, and rates outside [0, 1]; TypeError for options of a wrong type.
 * @example
 * ```ts
 * const attention = new nn.MultiheadAttention(8, 2, { dropout: 0.1, batchFirst: true });
 * const x = rand([4, 6, 8]); // batch, positions, size
 * const [y, weights] = attention.forward(x, x, x);
 * console.log(y.shape, weights?.shape, attention.lastMask()?.shape); // [ 4, 6, 8 ] [ 4, 6, 6 ] [ 4, 2, 6, 6 ]
 * ```
 */
export class MultiheadAttention extends Module {
  /** @internal */
  static override get name(): string {
    return "MultiheadAttention";
  }

  /** The projections of query, key and value, one below the other, `[3 * embedDim, embedDim]`; null where keys or values are of another size. */
  readonly in_proj_weight: Parameter | null;
  /** The query's projection, `[embedDim, embedDim]`, where keys or values are of another size; else null. */
  readonly q_proj_weight: Parameter | null;
  /** The same for the key, `[embedDim, kdim]`. */
  readonly k_proj_weight: Parameter | null;
  /** The same for the value, `[embedDim, vdim]`. */
  readonly v_proj_weight: Parameter | null;
  /** What is added to the three, `[3 * embedDim]`; or null. */
  readonly in_proj_bias: Parameter | null;
  /** The projection of all heads' outputs. */
  readonly out_proj: Linear;
  /** Probability of a weight being dropped. */
  dropout: number;
  /** Drops whole heads, with a mask of its own, drawn after that of the weights; null where none does. May be set. */
  headDropout: HeadDropout | null;
  /** Whether inputs are [batch, positions, size]. */
  readonly batchFirst: boolean;
  /** The last size of the keys. */
  readonly kdim: number;
  /** The last size of the values. */
  readonly vdim: number;
  readonly #generator: Generator | undefined;
  #lastMask: MaskRecord | null = null;

  /**
   * @param embedDim The last size of queries and of the output.
   * @param numHeads How many heads share it.
   * @param options Default: no dropout, with biases, positions first.
   */
  constructor(
    /** The last size of queries and of the output. */
    readonly embedDim: number,
    /** How many heads share it. */
    readonly numHeads: number,
    options?: MultiheadAttentionOptions,
  ) {
    super();
    const {
      dropout = 0,
      headDropout,
      bias = true,
      kdim = embedDim,
      vdim = embedDim,
      batchFirst = false,
      addBiasKv = false,
      backend,
      generator: given,
    } = optionsOf<MultiheadAttentionOptions>(OP, options, OPTIONS);
    checkSizes({ embedDim, numHeads, kdim, vdim });
    checkProbability(OP, dropout);
    if (addBiasKv !== false) throw wrongType(OP, "addBiasKv to be false", addBiasKv, "learnt keys and values are not there");
    for (const size of [3 * embedDim, kdim, vdim]) checkShape(OP, [embedDim, size]);
    deviceOf(backend === undefined ? getDefaultBackend() : backend, OP);
    const generator = resolveGenerator(OP, given);
    if (headDropout !== undefined) checkProbability(OP, headDropout);
    const ofHeads = headDropout === undefined ? null : new HeadDropout({ p: headDropout, ...(given === undefined ? {} : { generator }) });
    const parts = allOrNone(generator, (own) => {
      const where = backend === undefined ? { generator } : { backend, generator };
      const out = own(new Linear(embedDim, embedDim, { bias, ...where }));
      if (out.bias !== null) zeros(out.bias);
      const drawn = (rows: number, columns: number) => {
        const [weight] = uniformParameters(OP, [[rows, columns]], Math.sqrt(6 / (rows + columns)), where);
        return own(weight as Parameter);
      };
      const isPacked = kdim === embedDim && vdim === embedDim;
      const packed = isPacked ? drawn(3 * embedDim, embedDim) : null;
      const [q = null, k = null, v = null] = isPacked ? [] : [embedDim, kdim, vdim].map((size) => drawn(embedDim, size));
      const [offset = null] = filledParts(OP, backend, [bias ? { kind: Parameter, shape: [3 * embedDim], value: 0 } : null]);
      return { packed, q, k, v, offset, out };
    });
    this.in_proj_weight = parts.packed;
    this.q_proj_weight = parts.q;
    this.k_proj_weight = parts.k;
    this.v_proj_weight = parts.v;
    this.in_proj_bias = parts.offset;
    this.out_proj = parts.out;
    this.dropout = dropout;
    this.headDropout = ofHeads;
    this.batchFirst = batchFirst;
    this.kdim = kdim;
    this.vdim = vdim;
    this.#generator = given === undefined ? undefined : generator;
  }

  /**
   * The output, and the weights that made it.
   *
   * @param query `[queries, batch, embedDim]`, with `batchFirst` `[batch, queries, embedDim]`, or without a batch `[queries, embedDim]`.
   * @param key The same with the number of keys and `kdim`.
   * @param value The same with `vdim`.
   * @param call See `MultiheadAttentionCall`.
   * @returns The output, of the query's shape; and weights `[batch, queries, keys]` (`[batch, heads, queries, keys]` where not averaged, and no batch where the query
   *   has none), or null where not asked for.
   * @throws ShapeError for sizes and masks that do not fit, TypeError for wrong dtypes; nothing is drawn or kept then.
   */
  forward(query: Tensor, key: Tensor, value: Tensor, call?: MultiheadAttentionCall): [Tensor, Tensor | null] {
    const self = raw(this);
    const {
      keyPaddingMask = null,
      attnMask = null,
      needWeights = true,
      averageAttnWeights = true,
      isCausal = false,
      past = null,
    } = optionsOf<MultiheadAttentionCall>(OP, call, CALL);
    const { dropout, headDropout, training, numHeads, out_proj } = self;
    checkProbability(OP, dropout);
    checkBoolean(OP, "batchFirst", self.batchFirst);
    checkSizes(self);
    checkParts(OP, training, headDropout === null ? { out_proj } : { out_proj, headDropout });
    const isBatched = checkInputs(self, query, key, value);
    const isBatchFirst = isBatched && self.batchFirst;
    const generator = resolveGenerator(OP, self.#generator);
    const batched = (x: Tensor) => (isBatched ? x : x.unsqueeze(1));
    const run = () => {
      const heads = projected(self, query, key, value).map((x) => split(batched(x), numHeads, isBatchFirst));
      const [q, k, v] = heads as [Tensor, Tensor, Tensor];
      const all = joined(OP, past, { key: k, value: v });
      const [batch, , queries] = q.sizes as [number, number, number];
      const sizes = [batch, numHeads, queries, all.key.sizes[2] as number] as const;
      const padding =
        keyPaddingMask === null || isBatched ? keyPaddingMask : checkTensor(OP, keyPaddingMask, "keyPaddingMask").unsqueeze(0);
      const { output, weights, dropped } = attend(OP, q, all.key, all.value, {
        mask: blockedMask(OP, sizes, attnMask, padding, q),
        isCausal,
        needsWeights: needWeights,
        firstQuery: past?.length ?? 0,
        dropoutP: dropout,
        training,
        ...(self.#generator === undefined ? {} : { generator: self.#generator }),
      });
      // PyTorch's output lies in memory with its positions first, and masks that are laid on it follow memory.
      const isTurned = isBatchFirst && generator.source.stream !== undefined;
      const kept = headDropout === null ? output : headDropout.forward(output);
      const projectedBack = out_proj.forward(joinHeads(kept, isBatchFirst && !isTurned));
      const mixed = isTurned ? projectedBack.transpose(0, 1) : projectedBack;
      if (past !== null) remember(past, all);
      return {
        output: isBatched ? mixed : mixed.squeeze(1),
        weights: needWeights && weights !== null ? shown(weights, averageAttnWeights, isBatched) : null,
        dropped,
      };
    };
    const { output, weights, dropped } = attempt(generator, () =>
      withScope(false, run, ({ output, weights }) => (weights === null ? [output] : [output, weights])),
    );
    if (!drawing.isReplay) self.#lastMask = dropped;
    return [output, weights];
  }

  /** @internal */
  protected override ownGenerator(): Generator | undefined {
    return this.#generator;
  }

  /**
   * The mask of the last forward in training, drawn again: bool `[batch, heads, queries, keys]`, true where a weight was kept.
   *
   * @returns null if the last forward was in eval mode, or there was none.
   */
  lastMask(): Tensor | null {
    const mask = raw(this).#lastMask;
    return mask === null ? null : drawMask(mask);
  }
}

// --- internal helpers ---

const OP = "MultiheadAttention";

const OPTIONS: OptionKinds<MultiheadAttentionOptions> = {
  dropout: "any",
  headDropout: "any",
  bias: "flag",
  kdim: "any",
  vdim: "any",
  batchFirst: "flag",
  addBiasKv: "any",
  backend: "any",
  generator: "any",
};

const CALL: OptionKinds<MultiheadAttentionCall> = {
  keyPaddingMask: "any",
  attnMask: "any",
  needWeights: "flag",
  averageAttnWeights: "flag",
  isCausal: "flag",
  past: "any",
};

/** The sizes of a layer, which a program may have set to others since. */
function checkSizes(sizes: Pick<MultiheadAttention, "embedDim" | "numHeads" | "kdim" | "vdim">): void {
  for (const name of ["embedDim", "numHeads", "kdim", "vdim"] as const) checkInteger(OP, name, sizes[name], 1);
  if (sizes.embedDim % sizes.numHeads !== 0) throw wrongValue(OP, `an embedDim that ${sizes.numHeads} heads divide`, sizes.embedDim);
}

/** Whether the three have a batch; refuses those that do not fit. */
function checkInputs(module: MultiheadAttention, query: Tensor, key: Tensor, value: Tensor): boolean {
  const { embedDim, kdim, vdim, batchFirst } = module;
  const all = [checkTensor(OP, query), checkTensor(OP, key, "the key"), checkTensor(OP, value, "the value")].map(({ sizes }) => sizes);
  const [q, k, v] = all as [Shape, Shape, Shape];
  const isBatched = q.length === 3;
  const [batch, positions] = isBatched && batchFirst ? [0, 1] : [1, 0];
  const fits =
    (isBatched || q.length === 2) &&
    all.every((sizes) => sizes.length === q.length && (!isBatched || sizes[batch] === q[batch])) &&
    k[positions] === v[positions] &&
    [embedDim, kdim, vdim].every((size, i) => all[i]?.at(-1) === size);
  if (fits) return isBatched;
  const order = batchFirst ? "[batch, positions, size]" : "[positions, batch, size]";
  const detail = `expected query, key and value ${order} with sizes ${embedDim}, ${kdim} and ${vdim}, got ${all.map(formatShape).join(", ")}`;
  throw new ShapeError(OP, all, detail);
}

/** Query, key and value, projected; in one product where they are one tensor. */
function projected(module: MultiheadAttention, query: Tensor, key: Tensor, value: Tensor): Tensor[] {
  const { embedDim, in_proj_weight: packed, in_proj_bias: bias, q_proj_weight, k_proj_weight, v_proj_weight } = module;
  const part = (x: Tensor, i: number, dim: number) => checkTensor(OP, x, "a parameter").slice(dim, i * embedDim, (i + 1) * embedDim);
  if (packed !== null && raw(query) === raw(key) && raw(key) === raw(value)) {
    const all = linear(query, packed, bias);
    return [0, 1, 2].map((i) => part(all, i, -1));
  }
  const weights = packed === null ? [q_proj_weight, k_proj_weight, v_proj_weight] : [0, 1, 2].map((i) => part(packed, i, 0));
  return [query, key, value].map((x, i) => linear(x, weights[i] as Tensor, bias === null ? null : part(bias, i, 0)));
}

/** [batch, heads, positions, size of a head] of what is [batch, positions, size] or [positions, batch, size]. */
function split(x: Tensor, heads: number, isBatchFirst: boolean): Tensor {
  const [a, b, size] = x.sizes as [number, number, number];
  const parts = x.reshape([a, b, heads, size / heads]);
  return isBatchFirst ? parts.transpose(1, 2) : parts.permute([1, 2, 0, 3]);
}

/** The way back. */
function joinHeads(x: Tensor, isBatchFirst: boolean): Tensor {
  const [batch, heads, positions, size] = x.sizes as [number, number, number, number];
  return isBatchFirst
    ? x.transpose(1, 2).reshape([batch, positions, heads * size])
    : x.permute([2, 0, 1, 3]).reshape([positions, batch, heads * size]);
}

/** The weights as they are returned. */
function shown(weights: Tensor, isAveraged: boolean, isBatched: boolean): Tensor {
  const all = isAveraged ? weights.mean({ dim: 1 }) : weights;
  return isBatched ? all : all.squeeze(0);
}
