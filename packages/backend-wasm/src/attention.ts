import type { AttentionSpec, Backend, Operand } from "@dropwise/core/backend";
import { elementsOf, isWhole, type Runtime, reach, type WasmHandle } from "./runtime";

type Op = Operand<WasmHandle>;
type Four = readonly [batches: number, heads: number, rows: number, size: number];

/** Attention in tiles, and its gradient. */
export function attention(runtime: Runtime): Required<Pick<Backend<WasmHandle>, "attention" | "attentionGrad">> {
  return {
    attention(spec, query, key, value, mask, out, rows) {
      run("attention", spec, [query, key, value, out], rows, mask);
    },
    attentionGrad(spec, query, key, value, mask, out, rows, grad, gradQuery, gradKey, gradValue) {
      run("attentionGrad", spec, [query, key, value, out, grad, gradQuery, gradKey, gradValue], rows, mask);
    },
  };

  /** `tensors` are all that have heads, in the order of `AttentionArgs`. */
  function run(name: "attention" | "attentionGrad", spec: AttentionSpec, tensors: readonly Op[], rows: Op, mask: Op | null): void {
    const { scale, firstQuery, dropout } = spec;
    const [query, key, value] = tensors as readonly [Op, Op, Op];
    const [batches, heads, queries, size] = query.shape as Four;
    const [, shared, keys] = key.shape as Four;
    const valueSize = value.shape[3] as number;
    const group = heads / shared;
    const fits = [size, valueSize].every((n) => isWhole(n) && n > 0 && n <= MOST_HEAD_SIZE) && isWhole(group) && group > 0;
    const ofQueries: Four = [batches, heads, queries, size];
    const ofKeys: Four = [batches, shared, keys, size];
    const ofValues: Four = [batches, shared, keys, valueSize];
    const ofOut: Four = [batches, heads, queries, valueSize];
    const shapes = [ofQueries, ofKeys, ofValues, ofOut, ofOut, ofQueries, ofKeys, ofValues];
    const { words, floats } = runtime;
    const weights = elementsOf(batches, heads, queries) * keys;
    if (!fits || !(weights > 0))
      throw new RangeError(`${name}: expected heads of 1 to ${MOST_HEAD_SIZE} elements, got ${size} and ${valueSize}`);
    tensors.forEach((tensor, i) => {
      const isWritten = i === (name === "attention" ? 3 : -1) || i > 4;
      place(name, tensor, shapes[i] as Four, HEADS + 4 * i, isWritten);
    });
    words[MASK + 5] = 0;
    if (mask !== null) {
      const { dtype } = mask.storage;
      const extent = 1 + steps(mask, [batches, heads, queries, keys], MASK, 4);
      words[MASK] = runtime.operand(name, mask, extent, dtype === "bool" ? "bool" : "float32");
      words[MASK + 5] = dtype === "bool" ? 1 : 2;
    }
    words[ROWS] = runtime.operand(name, rows, 2 * elementsOf(batches, heads, queries));
    words[ROWS + 1] = heads;
    words[ROWS + 2] = group;
    words[ROWS + 3] = queries;
    words[ROWS + 4] = keys;
    words[ROWS + 5] = size;
    words[ROWS + 6] = valueSize;
    // From the last key on a query sees all.
    words[REST] = firstQuery !== null && firstQuery < keys ? 1 : 0;
    words[REST + 1] = firstQuery ?? 0;
    floats[REST + 2] = scale;
    words[REST + 3] = dropout === null ? 0 : 1;
    if (dropout !== null) {
      words[0] = dropout.elementOffset; // the low 32 bits: a typed array takes numbers modulo 2^32
      words[1] = dropout.elementOffset / 2 ** 32;
      words[REST + 4] = dropout.seedLo;
      words[REST + 5] = dropout.seedHi;
      words[REST + 6] = dropout.callLo;
      words[REST + 7] = dropout.callHi;
      words[REST + 8] = dropout.threshold;
      floats[REST + 9] = dropout.keepScale;
    }
    const units = batches * (name === "attention" ? heads * Math.ceil(queries / UNIT_ROWS) : shared);
    const products = name === "attention" ? size + valueSize : 3 * size + 2 * valueSize;
    runtime.run(name, units, (weights / units) * (WEIGHT_NS + products * MULTIPLY_ADD_NS));
  }

  /** Writes the address of a tensor of heads and its strides, from word `at` on. */
  function place(op: string, operand: Op, shape: Four, at: number, isWritten: boolean): void {
    const extent = shape[3] + steps(operand, shape, at, 3);
    // There might be no end to it.
    if (isWritten && extent < shape.reduce((product, size) => product * size, 1))
      throw new RangeError(`${op}: expected strides that come to each element once, got some that repeat one - copy the operand first`);
    runtime.words[at] = runtime.operand(op, operand, extent);
  }

  /** Writes strides behind word `at`; how many elements they reach. */
  function steps({ strides }: Op, shape: Four, at: number, count: number): number {
    let extent = 0;
    for (let dim = 0; dim < count; dim++) {
      const size = shape[dim] as number;
      const stride = size === 1 ? 0 : (strides[dim] as number);
      runtime.words[at + 1 + dim] = stride;
      extent += reach(size, stride);
    }
    return extent;
  }
}

// --- internal helpers ---

const MOST_HEAD_SIZE = 256;

/** Queries of a unit, `kAttentionRows`. */
const UNIT_ROWS = 144;

/** About what a multiplication with its sum takes, and what a weight does beside its products. */
const MULTIPLY_ADD_NS = 0.05;
const WEIGHT_NS = 4;

/** Word offsets in `AttentionArgs`: of the tensors with heads, four words each, of the mask, of `rows` and the sizes, and of the rest. */
const HEADS = 2;
const MASK = HEADS + 4 * 8;
const ROWS = MASK + 6;
const REST = ROWS + 7;
