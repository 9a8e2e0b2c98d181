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
export function bucketsOf(slots: readonly Slot[], bytes: number): Bucket[] {
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

/**
 * Sums the gradients of all ranks, in the order of the tree. `nodes` are the sums that this rank holds; a parameter that has none there counts as zeros.
 *
 * @returns The sums as arrays, for each parameter.
 */
export async function summed(
  group: MpiGroup,
  nodes: readonly (readonly (Tensor | null)[])[],
  slots: readonly Slot[],
  leaves: number,
  buckets: readonly Bucket[],
): Promise<(Float32Array | Float64Array)[]> {
  const results = new Array<Float32Array | Float64Array>(slots.length);
  const calls: Promise<void>[] = [];
  for (const { dtype, indices, length } of buckets) {
    const make = () => (dtype === "float64" ? new Float64Array(length) : new Float32Array(length));
    const packed: (Float32Array | Float64Array)[] = [];
    for (const grads of nodes) {
      const all = make();
      let at = 0;
      for (const i of indices) {
        const grad = grads[i] ?? null;
        if (grad !== null) all.set((await grad.data()) as Float32Array, at);
        at += (slots[i] as Slot).size;
      }
      packed.push(all);
    }
    const result = make();
    let at = 0;
    for (const i of indices) {
      const { size } = slots[i] as Slot;
      results[i] = result.subarray(at, at + size);
      at += size;
    }
    const call = group.sumNodes(packed, result, leaves);
    call.catch(() => {}); // it is awaited below
    calls.push(call);
  }
  for (const call of calls) await call;
  return results;
}

/** The sum as a gradient of the parameter. */
export function gradientOf(parameter: Tensor, sum: Float32Array | Float64Array): Tensor {
  const { shape, backend, dtype } = parameter;
  return tensor(sum, { shape, backend, dtype });
}
