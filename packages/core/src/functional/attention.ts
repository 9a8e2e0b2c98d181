import { checkInputs } from "../autograd/run";
import { composed, withScope } from "../autograd/scope";
import { checkFloating, isFloating } from "../dtype/dtype";
import { ShapeError } from "../errors/errors";
import { checkBoolean, checkNumber, type OptionKinds, optionsOf } from "../errors/options";
import { refusal } from "../errors/refusal";
import { applySelect } from "../ops/affine-select";
import { isPlain } from "../ops/attention";
import { checkTensor } from "../ops/binary";
import { cast } from "../ops/layout";
import { attempt } from "../random/draws";
import { type Generator, resolveGenerator } from "../random/generator";
import { dropoutAffine } from "../random/mask-key";
import { callKey } from "../random/words";
import { broadcastShapes, formatShape, type Shape, sameShape, sizeOf } from "../shape/shape";
import type { Tensor } from "../tensor/tensor";
import { softmax } from "./activations";
import { fusedAttention, fuses, weightsKey } from "./attention-fused";
import { repeatInterleave } from "./copies";
import { dropoutWithMask } from "./dropout";
import { checkElementOffset, checkProbability } from "./dropout-options";
import type { MaskRecord } from "./dropout-select";
import { places } from "./host-tensor";
import { logicalAnd } from "./logic";
import { any } from "./reductions";

/** Options of `scaledDotProductAttention`. */
export interface AttentionOptions {
  /**
   * Which keys each query sees, of a shape that broadcasts to the weights' `[..., queries, keys]`: bool, where **true means that it sees them** (`nn.MultiheadAttention`
   * has it the other way round, as in PyTorch), or float, added to the products. Default: none.
   */
  readonly attnMask?: Tensor | null;
  /** Probability of a weight being dropped after the softmax, in [0, 1]. Default: 0. */
  readonly dropoutP?: number;
  /** Query i sees keys 0 to i, also where there are more of the one than of the other. Not together with `attnMask`. Default: false. */
  readonly isCausal?: boolean;
  /** What products are multiplied by. Default: 1 / sqrt(the last size of the queries). */
  readonly scale?: number | null;
  /** Let several heads of queries share one of keys and values. Default: false. */
  readonly enableGqa?: boolean;
  /** Whether weights are dropped at all. Default: true, also after `model.eval()`: pass `training: model.training`. */
  readonly training?: boolean;
  /** Where the mask of the dropout comes from. Default: the default generator. */
  readonly generator?: Generator;
  /** Where that mask starts in the one of a larger tensor, in elements. Default: 0. */
  readonly elementOffset?: number;
}

/**
 * `dropout(softmax(query key^T * scale + mask)) value`. Mirrors
 * [torch.nn.functional.scaled_dot_product_attention](https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.scaled_dot_product_attention.html); the idea is by
 * Vaswani et al., [2017](https://arxiv.org/abs/1706.03762).
 *
 * Dropout takes one call of the generator, and its mask lies over the weights `[..., queries, keys]` in row-major order, masked positions included. A query that sees no key
 * gives zeros.
 *
 * @param query `[..., queries, E]`; float32 or float64. Leading dimensions broadcast.
 * @param key `[..., keys, E]`.
 * @param value `[..., keys, Ev]`.
 * @param options See `AttentionOptions`.
 * @returns `[..., queries, Ev]`.
 * @throws ShapeError for sizes that do not fit, and heads that do not divide each other; TypeError for integers, for dtypes that differ, and a mask of integers; RangeError for a
 *   `dropoutP` outside [0, 1], a scale that is no number, and for `isCausal` beside a mask.
 * @example
 * ```ts
 * const x = randn([2, 4, 6, 8]); // batch, heads, positions, size of a head
 * console.log(F.scaledDotProductAttention(x, x, x, { isCausal: true, dropoutP: 0.1 }).shape); // [ 2, 4, 6, 8 ]
 * ```
 */
export function scaledDotProductAttention(query: Tensor, key: Tensor, value: Tensor, options?: AttentionOptions): Tensor {
  const op = "scaledDotProductAttention";
  const { attnMask = null, isCausal = false, ...rest } = optionsOf<AttentionOptions>(op, options, ATTENTION);
  if (attnMask !== null && isCausal) throw refusal(op, "attnMask or isCausal", "both", "put the triangle into the mask: F.tril(...)");
  return composed(() => attend(op, query, key, value, { mask: attnMask, isCausal, ...rest }).output);
}

/** What `attend` takes beside three tensors. */
export interface AttendOptions extends Omit<AttentionOptions, "attnMask"> {
  /** As `attnMask`; may come with `isCausal`. */
  readonly mask: Tensor | null;
  /** The weights are wanted, too. Then no framework computes it in one kernel, whose masks have rules of their own. Default: false. */
  readonly needsWeights?: boolean;
  /** The place of the first query among the keys, for `isCausal`. Default: 0. */
  readonly firstQuery?: number;
}

/** The output, the weights that made it, after dropout, null where nobody needs them and none were made, and the mask of that: null where none was asked for. */
export interface Attended {
  readonly output: Tensor;
  readonly weights: Tensor | null;
  readonly dropped: MaskRecord | null;
}

/** Attention, with its weights. Everything is checked before anything is drawn. */
export function attend(op: string, query: Tensor, key: Tensor, value: Tensor, options: AttendOptions): Attended {
  const {
    isCausal = false,
    enableGqa = false,
    dropoutP = 0,
    training = true,
    elementOffset = 0,
    firstQuery = 0,
    needsWeights = false,
  } = options;
  const tensors = { query: checkTensor(op, query), key: checkTensor(op, key, "the key"), value: checkTensor(op, value, "the value") };
  const { query: q, key: k, value: v } = tensors;
  const shape = weightsShape(op, q, k, v, enableGqa);
  const mask = options.mask === null ? null : checkMask(op, options.mask, shape);
  checkInputs(op, mask === null ? [q, k, v] : [q, k, v, mask]);
  checkProbability(op, dropoutP);
  checkElementOffset(op, elementOffset, sizeOf(shape));
  const scale = options.scale ?? 1 / Math.sqrt(q.sizes.at(-1) as number);
  checkNumber(op, "scale", scale);
  const generator = resolveGenerator(op, options.generator);

  checkBoolean(op, "training", training);
  const draws = training && dropoutP > 0;
  const first = isCausal ? firstQuery : null;
  const weightsFor = (queries: Tensor, keys: Tensor, seen: Tensor | null) =>
    weightsOf(queries.mul(scale).matmul(keys.transpose(-2, -1)), seen, first);

  return attempt(generator, () =>
    withScope(
      false,
      (): Attended => {
        const seen = mask === null || mask.dtype === "bool" ? mask : cast(mask, q.dtype);
        const all = { q, k, v, mask: seen, shape, enableGqa };
        // Where all is dropped, or by another framework's stream, there is no key that a kernel could draw by.
        const isFused = !needsWeights && !(draws && (dropoutP === 1 || generator.source.stream !== undefined)) && fuses(all);
        const own = isFused && draws ? weightsKey(ATTENTION_DROPOUT, q, shape, dropoutP, generator, elementOffset) : null;
        if (isFused && (own === null || isPlain(own, shape))) {
          const output = fusedAttention(all, { scale, firstQuery: first, key: own, weights: weightsFor });
          if (own !== null) generator.source.take(own);
          const drawn = own ?? { call: callKey(0n, 0n), p: 0, shape, elementOffset };
          return { output, weights: null, dropped: training ? { key: drawn, backend: q.backend } : null };
        }
        const heads = enableGqa ? (q.sizes.at(-3) as number) / (k.sizes.at(-3) as number) : 1;
        const each = (x: Tensor) => (heads === 1 ? x : repeatInterleave(x, { repeats: heads, dim: -3 }));
        const certain = weightsFor(q, each(k), seen);
        const { output: weights, mask: dropped } =
          own === null
            ? dropoutWithMask(certain, { p: dropoutP, training, generator, elementOffset }, 0, needsWeights ? "dropout" : ATTENTION_DROPOUT)
            : { output: applySelect(certain, own, dropoutAffine(dropoutP)), mask: { key: own, backend: q.backend } };
        if (own !== null) generator.source.take(own);
        return { output: weights.matmul(each(v)), weights, dropped };
      },
      ({ output, weights }) => (weights === null ? [output] : [output, weights]),
    ),
  );
}

/** The dropout of weights that nobody sees, as streams know it. */
export const ATTENTION_DROPOUT = "attention dropout";

// --- internal helpers ---

const ATTENTION: OptionKinds<AttentionOptions> = {
  attnMask: "any",
  dropoutP: "any",
  isCausal: "flag",
  scale: "any",
  enableGqa: "flag",
  training: "flag",
  generator: "any",
  elementOffset: "any",
};

/** The softmax of products over those keys that are seen; zeros for queries that see none, whose softmax would be NaN, as would its gradient. */
function weightsOf(products: Tensor, mask: Tensor | null, firstQuery: number | null): Tensor {
  const [queries, keys] = products.sizes.slice(-2) as [number, number];
  const triangle = firstQuery === null ? null : places(products, [queries, 1], queries, firstQuery).ge(places(products, [1, keys], keys));
  if (mask === null) return softmax(triangle === null ? products : products.where(triangle, Number.NEGATIVE_INFINITY), { dim: -1 });
  const isBool = mask.dtype === "bool";
  const isOpen = isBool ? mask : mask.detach().gt(Number.NEGATIVE_INFINITY);
  const seen = triangle === null ? isOpen : logicalAnd(isOpen, triangle);
  // Added masks are -Infinity by themselves where they are closed.
  const hidden = isBool ? seen : triangle;
  const added = isBool ? products : products.add(mask);
  const scores = hidden === null ? added : added.where(hidden, Number.NEGATIVE_INFINITY);
  const seesAny = any(seen, { dim: -1, keepdim: true });
  return softmax(scores.where(seesAny, 0), { dim: -1 }).where(seesAny, 0);
}

/** `[..., queries, keys]`. */
function weightsShape(op: string, q: Tensor, k: Tensor, v: Tensor, enableGqa: boolean): Shape {
  checkFloating(op, q.dtype);
  for (const other of [k, v]) {
    if (other.dtype !== q.dtype)
      throw refusal(op, `a key and a value of the query's dtype ${q.dtype}`, other.dtype, "convert it with type()");
  }
  const all = [q.sizes, k.sizes, v.sizes];
  const refused = (expected: string, advice = "") => {
    const detail = `expected ${expected}, got ${all.map(formatShape).join(", ")}${advice}`;
    return new ShapeError(op, all, detail);
  };
  const fits = all.every((sizes) => sizes.length >= 2) && q.sizes.at(-1) === k.sizes.at(-1) && k.sizes.at(-2) === v.sizes.at(-2);
  if (!fits) throw refused("query [..., queries, E], key [..., keys, E] and value [..., keys, Ev]");
  const heads = (x: Tensor) => x.sizes.at(-3);
  if (enableGqa) {
    const [own, shared] = [heads(q), heads(k)];
    if (!own || !shared || own % shared !== 0 || heads(v) !== shared)
      throw refused("heads of the query to be a multiple of those of key and value");
  }
  const leading = (x: Tensor) => (enableGqa ? [...x.sizes.slice(0, -3), heads(q) as number] : x.sizes.slice(0, -2));
  const batch = broadcastShapes(op, leading(q), leading(k));
  broadcastShapes(op, batch, leading(v));
  return [...batch, q.sizes.at(-2) as number, k.sizes.at(-2) as number];
}

function checkMask(op: string, mask: Tensor, shape: Shape): Tensor {
  const given = checkTensor(op, mask, "attnMask");
  if (given.dtype !== "bool" && !isFloating(given.dtype))
    throw refusal(op, "attnMask to be bool or float", given.dtype, "compare it, e.g. mask.ne(0)");
  if (!sameShape(broadcastShapes(op, given.sizes, shape), shape)) {
    const detail = `expected attnMask to broadcast to ${formatShape(shape)}, got ${formatShape(given.sizes)}`;
    throw new ShapeError(op, [shape, given.sizes], detail);
  }
  return given;
}
