import type { AttentionSpec } from "@dropwise/core/backend";
import { type Call, Kernel, reach, repeats } from "../call";
import type { Members, Op } from "./shared";

/** Attention in tiles, and its gradient. */
export function attention(call: Call): Members<"attention" | "attentionGrad"> {
  return {
    attention(spec, query, key, value, mask, out, rows) {
      begin(Kernel.attention, spec, query, key, value);
      for (const each of [query, key, value]) heads("attention", each);
      heads("attention", out, true);
      call.operand("attention", rows, lengthOf(rows));
      masked("attention", mask);
      call.run();
    },
    attentionGrad(spec, query, key, value, mask, out, rows, grad, gradQuery, gradKey, gradValue) {
      begin(Kernel.attentionGrad, spec, query, key, value);
      for (const each of [query, key, value, out]) heads("attentionGrad", each);
      call.operand("attentionGrad", rows, lengthOf(rows));
      heads("attentionGrad", grad);
      for (const each of [gradQuery, gradKey, gradValue]) heads("attentionGrad", each, true);
      masked("attentionGrad", mask);
      call.run();
    },
  };

  function begin(kernel: number, { scale, firstQuery, dropout }: AttentionSpec, query: Op, key: Op, value: Op): void {
    const [batches, all, queries, size] = query.shape as [number, number, number, number];
    const [, shared, keys] = key.shape as [number, number, number, number];
    call.begin(kernel).number(batches).number(shared).number(all / shared).number(queries).number(keys);
    call.number(size).number(value.shape[3] as number).number(scale);
    call.number(firstQuery === null ? 0 : 1).number(firstQuery ?? 0);
    call.number(dropout === null ? 0 : 1).number(dropout?.elementOffset ?? 0);
    call.number(dropout?.seedLo ?? 0).number(dropout?.seedHi ?? 0).number(dropout?.callLo ?? 0).number(dropout?.callHi ?? 0);
    call.number(dropout?.threshold ?? 0).number(dropout?.keepScale ?? 1);
  }

  /** Writes the steps of an operand's outer dimensions, and the operand. */
  function heads(op: string, operand: Op, isWritten = false): void {
    const { shape, strides } = operand;
    let extent = shape[3] as number;
    for (let dim = 0; dim < 3; dim++) {
      const steps = reach(shape[dim] as number, strides[dim] as number);
      call.number(steps === 0 ? 0 : (strides[dim] as number));
      extent += steps;
    }
    // There might be no end to it.
    if (isWritten && extent < lengthOf(operand)) throw repeats(op);
    call.operand(op, operand, extent);
  }

  function masked(op: string, mask: Op | null): void {
    if (mask === null) return void call.number(0);
    const { shape, strides, storage } = mask;
    call.number(storage.dtype === "bool" ? 1 : 2);
    let extent = 1;
    for (let dim = 0; dim < 4; dim++) {
      const steps = reach(shape[dim] as number, strides[dim] as number);
      call.number(steps === 0 ? 0 : (strides[dim] as number));
      extent += steps;
    }
    call.operand(op, mask, extent, storage.dtype === "bool" ? "bool" : "float32");
  }
}

// --- internal helpers ---

const lengthOf = ({ shape }: Op): number => shape.reduce((product, size) => product * size, 1);
