import { noGrad } from "../autograd/grad-mode";
import { ShapeError } from "../errors/errors";
import { wrongType } from "../errors/refusal";
import { checkTensor } from "../ops/binary";
import { cat } from "../ops/cat";
import { formatShape, sameShape } from "../shape/shape";
import type { Tensor } from "../tensor/tensor";
import { keep } from "../tensor/tidy";

/**
 * The keys and values that a `MultiheadAttention` has seen, for generation one token after the other: handed to `forward` as `past`, each call adds its own to
 * them, and its queries see all. PyTorch has no counterpart; others call it a
 * [key-value cache](https://huggingface.co/docs/transformers/kv_cache).
 *
 * Gradients do not pass through what is kept. It holds two tensors of `[batch, heads, length, size of a head]` until `clear()`, also beyond a `tidy`.
 *
 * @example
 * ```ts
 * const attention = new nn.MultiheadAttention(8, 2, { batchFirst: true }).eval();
 * const past = new nn.AttentionPast();
 * for (let step = 0; step < 3; step++) {
 *   const token = rand([1, 1, 8]);
 *   attention.forward(token, token, token, { past, needWeights: false });
 * }
 * console.log(past.length); // 3
 * past.clear();
 * ```
 */
export class AttentionPast {
  /** The keys kept, `[batch, heads, length, size of a head]`; null before the first call. */
  key: Tensor | null = null;
  /** The values kept, of the same shape. */
  value: Tensor | null = null;

  /** How many positions are kept. */
  get length(): number {
    return this.key?.sizes[2] ?? 0;
  }

  /** Forgets them all, and frees their memory. */
  clear(): void {
    this.key?.dispose();
    this.value?.dispose();
    this.key = null;
    this.value = null;
  }
}

/** Keys and values of one kind or another. */
export interface KeysAndValues {
  readonly key: Tensor;
  readonly value: Tensor;
}

/** What is kept, and behind it these; nothing is kept yet. */
export function joined(op: string, past: AttentionPast | null, { key, value }: KeysAndValues): KeysAndValues {
  if (past === null) return { key, value };
  // Not by its class: another copy of core has its own.
  if (typeof past?.clear !== "function") throw wrongType(op, "past to be an AttentionPast or null", past);
  if (past.key === null || past.value === null) return { key, value };
  const kept = [checkTensor(op, past.key, "the past's key"), checkTensor(op, past.value, "the past's value")] as const;
  const apart = ({ sizes }: Tensor) => sizes.map((size, i) => (i === 2 ? 0 : size));
  if (!kept.every((x) => sameShape(apart(x), apart(key)))) {
    const detail = `expected keys that fit a past of ${formatShape(kept[0].sizes)}, got ${formatShape(key.sizes)} - call past.clear() for another batch`;
    throw new ShapeError(op, [kept[0].sizes, key.sizes], detail);
  }
  return { key: cat([kept[0], key], { dim: 2 }), value: cat([kept[1], value], { dim: 2 }) };
}

/** Keeps these in place of what was kept. */
export function remember(past: AttentionPast, { key, value }: KeysAndValues): void {
  const [ownKey, ownValue] = noGrad(() => [key, value].map((x) => keep(x.contiguous().detach())));
  past.clear();
  past.key = ownKey as Tensor;
  past.value = ownValue as Tensor;
}
