/** Gradients in pieces of some megabytes: few enough calls, and the next is packed while one is on its way. */
import { type Tensor, tensor } from "@dropwise/core";
import type { MpiGroup } from "../mpi-group";

/** Which gradients go together. */
interface Bucket {
  readonly dtype: "float32" | "float64";
  readonly indices: readonly number[];
  readonly length: number;
}

/** A gradient's place. */
interface Slot {
  readonly shape: readonly number[];
  readonly size: number;
  readonly dtype: string;
}

/** Cuts gradients, the last first, for those come first out of a backward pass, into buckets of at most `bytes`, or of one. */
function bucketsOf(slots: readonly Slot[], bytes: number): Bucket[] {
  const buckets: { dtype: Bucket["dtype"]; indices: number[]; length: number }[] = [];
  for (let i = slots.length - 1; i >= 0; i--) {
    const { size, dtype } = slots[i] as Slot;
    const last = buckets.at(-1);
    const width = dtype === "float64" ? 8 : 4;
    if (last !== undefined && last.dtype === dtype && (last.length + size) * width <= bytes) {
      last.indices.push(i);
      last.length += size;
    } else buckets.push({ dtype: dtype as Bucket["dtype"], indices: [i], length: size });
  }
  return buckets;
}

type Floats = Float32Array | Float64Array;

/** Buckets, with the arrays that gradients travel in: fresh memory costs more than what is done with it, so that they serve every step. */
export class Buckets {
  readonly #group: MpiGroup;
  readonly #slots: readonly Slot[];
  readonly #buckets: readonly Bucket[];
  readonly #arrays: Floats[][];

  constructor(group: MpiGroup, slots: readonly Slot[], bytes: number) {
    this.#group = group;
    this.#slots = slots;
    this.#buckets = bucketsOf(slots, bytes);
    this.#arrays = this.#buckets.map(() => []);
  }

  /** Whether it was made for gradients of these sizes. */
  fits(slots: readonly Slot[]): boolean {
    return (
      slots.length === this.#slots.length &&
      slots.every(({ size, dtype }, i) => size === this.#slots[i]?.size && dtype === this.#slots[i]?.dtype)
    );
  }

  /**
   * Sums the gradients of all ranks, in the order of the tree. `nodes` are the sums that this rank holds; a parameter that has none there counts as zeros.
   *
   * @returns The sums, for each parameter: arrays that the next call overwrites.
   */
  async summed(nodes: readonly (readonly (Tensor | null)[])[], leaves: number): Promise<Floats[]> {
    const results = new Array<Floats>(this.#slots.length);
    const calls: Promise<void>[] = [];
    try {
      for (const [b, { indices }] of this.#buckets.entries()) {
        const result = this.#array(b, 0);
        const packed: Floats[] = [];
        for (const [n, grads] of nodes.entries()) packed.push(await this.#packed(indices, grads, this.#array(b, n + 1)));
        let at = 0;
        for (const i of indices) {
          const { size } = this.#slots[i] as Slot;
          results[i] = result.subarray(at, at + size);
          at += size;
        }
        calls.push(this.#group.sumNodes(packed, result, leaves));
      }
      await Promise.all(calls);
    } catch (error) {
      // A late peer may still write to what was given: the next step, should there be one, has other arrays.
      this.#arrays.forEach((_, b) => {
        this.#arrays[b] = [];
      });
      await Promise.allSettled(calls);
      throw error;
    }
    return results;
  }

  async #packed(indices: readonly number[], grads: readonly (Tensor | null)[], into: Floats): Promise<Floats> {
    let at = 0;
    for (const i of indices) {
      const { size } = this.#slots[i] as Slot;
      const grad = grads[i] ?? null;
      if (grad === null) into.fill(0, at, at + size);
      else into.set((await grad.data()) as Floats, at);
      at += size;
    }
    return into;
  }

  #array(bucket: number, place: number): Floats {
    const arrays = this.#arrays[bucket] as Floats[];
    const { dtype, length } = this.#buckets[bucket] as Bucket;
    arrays[place] ??= dtype === "float64" ? new Float64Array(length) : new Float32Array(length);
    return arrays[place];
  }
}

/** The sum as a gradient of the parameter. */
export function gradientOf(parameter: Tensor, sum: Float32Array | Float64Array): Tensor {
  const { shape, backend, dtype } = parameter;
  return tensor(sum, { shape, backend, dtype });
}
