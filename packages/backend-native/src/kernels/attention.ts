import type { AttentionSpec } from "@dropwise/core/backend";
import { type Call, Kernel, reach, repeats } from "../call";
import type { Members, Op } from "./shared";

/** Attention in tiles, and its gradient. */
export function attention(call: Call): Members<"attention" | "attentionGrad"> {
  return {
    attention(spec, query, key, value, mask, out, rows) {
      const sizes = begin("attention", spec, query, key, value);
      operands("attention", sizes, query, key, value, out, rows, true);
      masked("attention", sizes, mask);
      call.run();
    },
    attentionGrad(spec, query, key, value, mask, out, rows, grad, gradQuery, gradKey, gradValue) {
      const op = "attentionGrad";
      const sizes = begin(op, spec, query, key, value);
      const { ofQueries, ofKeys, ofValues, ofOut } = sizes;
      operands(op, sizes, query, key, value, out, rows, false);
      heads(op, grad, ofOut, false);
      heads(op, gradQuery, ofQueries, true);
      heads(op, gradKey, ofKeys, true);
      heads(op, gradValue, ofValues, true);
      masked(op, sizes, mask);
      call.run();
    },
  };

  function begin(kernel: "attention" | "attentionGrad", spec: AttentionSpec, query: Op, key: Op, value: Op): Sizes {
    const [batches, all, queries, size] = query.shape as Four;
    const [, shared, keys] = key.shape as Four;
    const valueSize = value.shape[3] as number;
    const { scale, firstQuery, dropout } = spec;
    call
      .begin(Kernel[kernel])
      .number(batches)
      .number(shared)
      .number(all / shared)
      .number(queries)
      .number(keys);
    call.number(size).number(valueSize).number(scale);
    call.number(firstQuery === null ? 0 : 1).number(firstQuery ?? 0);
    call.number(dropout === null ? 0 : 1).number(dropout?.elementOffset ?? 0);
    call.number(dropout?.seedLo ?? 0).number(dropout?.seedHi ?? 0);
    call.number(dropout?.callLo ?? 0).number(dropout?.callHi ?? 0);
    call.number(dropout?.threshold ?? 0).number(dropout?.keepScale ?? 1);
    return {
      ofQueries: [batches, all, queries, size],
      ofKeys: [batches, shared, keys, size],
      ofValues: [batches, shared, keys, valueSize],
      ofOut: [batches, all, queries, valueSize],
      ofWeights: [batches, all, queries, keys],
    };
  }

  function operands(op: string, sizes: Sizes, query: Op, key: Op, value: Op, out: Op, rows: Op, isWritten: boolean): void {
    heads(op, query, sizes.ofQueries, false);
    heads(op, key, sizes.ofKeys, false);
    heads(op, value, sizes.ofValues, false);
    heads(op, out, sizes.ofOut, isWritten);
    const [batches, all, queries] = sizes.ofOut;
    call.operand(op, rows, 2 * batches * all * queries);
  }

  /** Writes the steps of the outer dimensions, and the operand. */
  function heads(op: string, operand: Op, [batches, all, rows, size]: Four, isWritten: boolean): void {
    const extent = size + outer(operand, batches, all, rows);
    // There might be no end to it.
    if (isWritten && extent < batches * all * rows * size) throw repeats(op);
    call.operand(op, operand, extent);
  }

  function masked(op: string, { ofWeights: [batches, all, queries, keys] }: Sizes, mask: Op | null): void {
    if (mask === null) return void call.number(0);
    const { dtype } = mask.storage;
    call.number(dtype === "bool" ? 1 : 2);
    const extent = 1 + outer(mask, batches, all, queries) + step(mask, 3, keys);
    call.operand(op, mask, extent, dtype === "bool" ? "bool" : "float32");
  }

  /** Writes the steps of three dimensions; how many elements they reach. */
  function outer(operand: Op, batches: number, all: number, rows: number): number {
    return step(operand, 0, batches) + step(operand, 1, all) + step(operand, 2, rows);
  }

  function step({ strides }: Op, dim: number, size: number): number {
    const stride = size === 1 ? 0 : (strides[dim] as number);
    call.number(stride);
    return reach(size, stride);
  }
}

// --- internal helpers ---

type Four = [batches: number, heads: number, rows: number, size: number];

/** The shapes of the operands, by the sizes that the call was begun with. */
interface Sizes {
  readonly ofQueries: Four;
  readonly ofKeys: Four;
  readonly ofValues: Four;
  readonly ofOut: Four;
  readonly ofWeights: Four;
}
