import type { AttentionSpec } from "@dropwise/core/backend";
import type { Gpu } from "../gpu/gpu";
import source from "./attention.wgsl";
import common from "./attention-common.wgsl";
import deltaSource from "./attention-delta.wgsl";
import gradSource from "./attention-grad.wgsl";
import { type Binding, floatBits, type GpuOperand, GROUP_SIZE, operandOf, run } from "./kernel";
import math from "./math.wgsl";
import philox from "./philox.wgsl";
import values from "./values.wgsl";

/** `attention` of the contract. */
export function attention(
  gpu: Gpu,
  spec: AttentionSpec,
  query: GpuOperand,
  key: GpuOperand,
  value: GpuOperand,
  mask: GpuOperand | null,
  out: GpuOperand,
  rows: GpuOperand,
): void {
  const call = { spec, query, key, value, mask, rows, out };
  const [batches, heads, queries] = query.shape as [number, number, number];
  run(gpu, {
    key: `attention ${formOf(call)}`,
    source: [...FILES, common, source],
    defines: () => `${definesOf(call)}\nfn load_grad(i: u32) -> f32 { return 0.0; }`,
    bindings: [...inputsOf(call), writes("out", out), writes("rows", rows)],
    params: paramsOf(call),
    groups: batches * heads * tilesOf(queries),
  });
}

/** `attentionGrad` of the contract. */
export function attentionGrad(
  gpu: Gpu,
  spec: AttentionSpec,
  query: GpuOperand,
  key: GpuOperand,
  value: GpuOperand,
  mask: GpuOperand | null,
  out: GpuOperand,
  rows: GpuOperand,
  grad: GpuOperand,
  gradQuery: GpuOperand,
  gradKey: GpuOperand,
  gradValue: GpuOperand,
): void {
  const call = { spec, query, key, value, mask, rows, out, grad, gradQuery, gradKey, gradValue };
  const [batches, heads, queries] = query.shape as [number, number, number];
  const [, shared, keys] = key.shape as [number, number, number];
  const count = batches * heads * queries;
  const memory = gpu.allocator.scratch(3 * count);
  const facts = operandOf(memory, [3 * count], [1]);
  const params = paramsOf(call);
  run(gpu, {
    key: "attentionGrad delta",
    source: [...FILES, common, deltaSource],
    defines: () =>
      `${definesOf({ ...call, mask: null })}\n${["query", "key", "value"].map((name) => `fn load_${name}(i: u32) -> f32 { return 0.0; }`).join("\n")}`,
    bindings: [reads("grad", grad), reads("out", out), reads("rows", rows), writes("facts", facts)],
    params,
    groups: Math.ceil(count / GROUP_SIZE),
  });
  const inputs = [...inputsOf(call), reads("grad", grad), reads("facts", facts)];
  const store = (name: string, at: string, size: string, factor = "") =>
    `if (d < p.${size}) { store_${name}(place(p.${at}, batch, head, row) + d, sum${factor}); }`;
  const parameters = "batch: u32, head: u32, row: u32, d: u32, sum: f32";
  run(gpu, {
    key: `attentionGrad queries ${formOf(call)}`,
    source: [...FILES, common, gradSource],
    defines: () =>
      [
        `${definesOf(call)}\nconst FOR_QUERIES = true;`,
        `fn store_sum(${parameters}) { ${store("grad_query", "grad_query", "size", " * p.scale")} }`,
        `fn store_value_sum(${parameters}) {}`,
      ].join("\n"),
    bindings: [...inputs, writes("grad_query", gradQuery)],
    params,
    groups: batches * heads * tilesOf(queries),
  });
  run(gpu, {
    key: `attentionGrad keys ${formOf(call)}`,
    source: [...FILES, common, gradSource],
    defines: () =>
      [
        `${definesOf(call)}\nconst FOR_QUERIES = false;`,
        `fn store_sum(${parameters}) { ${store("grad_key", "grad_key", "size")} }`,
        `fn store_value_sum(${parameters}) { ${store("grad_value", "grad_value", "value_size")} }`,
      ].join("\n"),
    bindings: [...inputs, writes("grad_key", gradKey), writes("grad_value", gradValue)],
    params,
    groups: batches * shared * tilesOf(keys),
  });
  gpu.allocator.reuse(memory);
}

// --- internal helpers ---

interface Call {
  readonly spec: AttentionSpec;
  readonly query: GpuOperand;
  readonly key: GpuOperand;
  readonly value: GpuOperand;
  readonly mask: GpuOperand | null;
  readonly rows: GpuOperand;
  readonly out: GpuOperand;
  readonly grad?: GpuOperand;
  readonly gradQuery?: GpuOperand;
  readonly gradKey?: GpuOperand;
  readonly gradValue?: GpuOperand;
}

const FILES = [values, math, philox];

/** As in attention-common.wgsl. */
const [TILE, BLOCK] = [32, 64];

const tilesOf = (rows: number): number => Math.ceil(rows / TILE);

const reads = (name: string, { storage }: GpuOperand): Binding => ({
  name,
  memory: storage.handle,
  type: storage.dtype === "bool" ? "u32" : "f32",
});

const writes = (name: string, operand: GpuOperand): Binding => ({ ...reads(name, operand), write: true });

function inputsOf({ query, key, value, mask }: Call): Binding[] {
  const all = [reads("query", query), reads("key", key), reads("value", value)];
  return mask === null ? all : [...all, reads("mask", mask)];
}

const blocksOf = (operand: GpuOperand): number => Math.ceil((operand.shape[3] as number) / BLOCK);

const maskOf = ({ mask }: Call): 0 | 1 | 2 => (mask === null ? 0 : mask.storage.dtype === "bool" ? 1 : 2);

function formOf(call: Call): string {
  const { query, value } = call;
  return `${maskOf(call)} ${blocksOf(query)} ${blocksOf(value)}`;
}

/** How a score meets its mask. */
const MASKED = ["return score;", "return select(-infinity(), score, load_mask(at) != 0u);", "return score + load_mask(at);"] as const;

function definesOf(call: Call): string {
  const { query, value } = call;
  return [
    `const BLOCKS = ${blocksOf(query)}u;\nconst VALUE_BLOCKS = ${blocksOf(value)}u;`,
    `fn masked(score: f32, at: u32) -> f32 { ${MASKED[maskOf(call)]} }`,
  ].join("\n");
}

function paramsOf(call: Call): number[] {
  const { spec, query, key, value, mask, rows, out, grad, gradQuery, gradKey, gradValue } = call;
  const [batches, heads, queries, size] = query.shape as [number, number, number, number];
  const [, shared, keys] = key.shape as [number, number, number];
  const where = (operand: GpuOperand | null | undefined): number[] =>
    operand ? [operand.offset, ...operand.strides.slice(0, 3)] : [0, 0, 0, 0];
  const { dropout } = spec;
  const offset = dropout?.elementOffset ?? 0;
  return [
    ...[query, key, value, out, mask, grad, gradQuery, gradKey, gradValue].flatMap(where),
    ...[
      dropout?.seedLo ?? 0,
      dropout?.seedHi ?? 0,
      dropout?.callLo ?? 0,
      dropout?.callHi ?? 0,
      offset % 2 ** 32,
      Math.floor(offset / 2 ** 32),
    ],
    ...[mask?.strides[3] ?? 0, rows.offset, batches, heads, heads / shared, queries, keys, size, value.shape[3] as number],
    ...[spec.firstQuery ?? 0, floatBits(spec.scale), dropout?.threshold ?? 0, floatBits(dropout?.keepScale ?? 1)],
    ...[Number(spec.firstQuery !== null), Number(dropout !== null)],
  ];
}
