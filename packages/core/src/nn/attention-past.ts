import { noGrad } from "../autograd/grad-mode";
import { ShapeError } from "../errors/errors";
import { cat } from "../ops/cat";
import { formatShape, sameShape } from "../shape/shape";
import type { Tensor } from "../tensor/tensor";
import { keep } from "../tensor/tidy";

/**
 * The keys and values that a `MultiheadAttention` has seen, for generation one token after the other: handed to `forward` as `past`, each call adds its own to
 * them, and its queries see all. PyTorch has no counterpart; others call it a key-value cache.
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
  #key: Tensor | null = null;
  #value: Tensor | null = null;

  /** How many positions are kept. */
  get length(): number {
    return this.#key?.sizes[2] ?? 0;
  }

  /** Forgets them all, and frees their memory. */
  clear(): void {
    this.#key?.dispose();
    this.#value?.dispose();
    this.#key = null;
    this.#value = null;
  }

  /** @internal What is kept, and behind it these; nothing is kept yet. */
  joined(op: string, key: Tensor, value: Tensor): { readonly key: Tensor; readonly value: Tensor } {
    const [pastKey, pastValue] = [this.#key, this.#value];
    if (pastKey === null || pastValue === null) return { key, value };
    const fits = sameShape(
      pastKey.sizes.map((size, i) => (i === 2 ? 0 : size)),
      key.sizes.map((size, i) => (i === 2 ? 0 : size)),
    );
    if (!fits) {
      const detail = `expected keys that fit a past of ${formatShape(pastKey.sizes)}, got ${formatShape(key.sizes)} - call past.clear() for another batch`;
      throw new ShapeError(op, [pastKey.sizes, key.sizes], detail);
    }
    return { key: cat([pastKey, key], { dim: 2 }), value: cat([pastValue, value], { dim: 2 }) };
  }

  /** @internal Keeps these. */
  remember({ key, value }: { readonly key: Tensor; readonly value: Tensor }): void {
    const [ownKey, ownValue] = noGrad(() => [key, value].map((x) => keep(x.contiguous().detach())));
    this.clear();
    this.#key = ownKey as Tensor;
    this.#value = ownValue as Tensor;
  }
}
