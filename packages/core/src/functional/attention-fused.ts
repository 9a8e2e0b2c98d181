import { gradMode } from "../autograd/grad-mode";
import { type AttentionAttrs, applyAttention, isFusable } from "../ops/attention";
import { constantLike } from "../ops/layout";
import { drawing } from "../random/drawing";
import type { Generator } from "../random/generator";
import type { MaskKey } from "../random/mask-key";
import { type Shape, sameShape, sizeOf } from "../shape/shape";
import type { Tensor } from "../tensor/tensor";

/** The tensors of attention, of any rank. */
export interface Attending {
  readonly q: Tensor;
  readonly k: Tensor;
  readonly v: Tensor;
  /** Of the query's dtype, or bool. */
  readonly mask: Tensor | null;
  /** Of the weights. */
  readonly shape: Shape;
  /** Whether several heads of queries may share one of keys and values. */
  readonly enableGqa: boolean;
}

/** Whether one kernel can do it: it makes no gradient for a mask, and values have no dimensions that weights lack. */
export function fuses({ q, k, v, mask, shape, enableGqa }: Attending): boolean {
  if (!isFusable(q, k, v) || (mask?.requiresGrad === true && gradMode.enabled)) return false;
  const behind = enableGqa ? -3 : -2;
  const [whole, own] = [shape.slice(0, behind), v.sizes.slice(0, behind)];
  const shift = whole.length - own.length;
  return shift >= 0 && own.every((size, i) => size === 1 || size === whole[i + shift]);
}

/** The key of a mask over weights that nobody has made, under the default stream. No call is taken. */
export function weightsKey(op: string, like: Tensor, shape: Shape, p: number, generator: Generator, elementOffset: number): MaskKey {
  const request = { op, generator, p, inplace: false, elementOffset };
  // Whoever cuts a batch wants to see what the mask will lie on: an element, repeated.
  const place = drawing.ask?.({ ...request, input: constantLike(like, 0).expand(shape) }, shape, 0);
  return generator.source.mask({ ...request, shape, ...place });
}

/** Attention that `fuses`: `[..., queries, Ev]`. */
export function fusedAttention({ q, k, v, mask, shape, enableGqa }: Attending, attrs: AttentionAttrs): Tensor {
  const rank = shape.length;
  const batch = shape.slice(0, -3);
  const heads = rank > 2 ? (shape.at(-3) as number) : 1;
  const shared = enableGqa ? (k.sizes.at(-3) as number) : heads;
  const four = (x: Tensor, own: number, rows: Shape) => {
    const target = rank > 2 ? [...batch, own, ...rows] : rows;
    const all = sameShape(x.sizes, target) ? x : x.expand(target);
    return rank === 4 ? all : all.reshape([sizeOf(batch), own, ...rows]);
  };
  const rows = (x: Tensor) => x.sizes.slice(-2);
  const seen = mask === null ? null : four(mask, heads, shape.slice(-2));
  const output = applyAttention(four(q, heads, rows(q)), four(k, shared, rows(k)), four(v, shared, rows(v)), seen, attrs);
  return rank === 4 ? output : output.reshape([...shape.slice(0, -1), v.sizes.at(-1) as number]);
}
