import type { Gpu } from "../gpu/gpu";
import { binary } from "./binary";
import { type GpuOperand, operandOf, run } from "./kernel";
import math from "./math.wgsl";
import { reduce } from "./reduce";
import softmaxSource from "./softmax.wgsl";
import gradSource from "./softmax-grad.wgsl";
import { columnsOf, laneOf } from "./team";
import teams from "./team.wgsl";
import teamValues from "./team-values.wgsl";
import { unary } from "./unary";
import values from "./values.wgsl";

/** Softmax, or its logarithm, over the middle of [outer, size, inner]; `out` may be `x`. */
export function softmax(gpu: Gpu, log: boolean, x: GpuOperand, out: GpuOperand, outer: number, size: number, inner: number): void {
  if (outer * size * inner === 0) return;
  if (size > MAX_COLUMN) longSoftmax(gpu, log, x, out, outer, size, inner);
  else byTeams(gpu, `softmax ${log}`, softmaxSource, log, { x }, out, outer, size, inner);
}

/** The gradient of `softmax` from its output `y`; `out` may be `grad`. */
export function softmaxGrad(
  gpu: Gpu,
  log: boolean,
  y: GpuOperand,
  grad: GpuOperand,
  out: GpuOperand,
  outer: number,
  size: number,
  inner: number,
): void {
  if (outer * size * inner === 0) return;
  if (size > MAX_COLUMN) longSoftmaxGrad(gpu, log, y, grad, out, outer, size, inner);
  else byTeams(gpu, `softmaxGrad ${log}`, gradSource, log, { y, grad }, out, outer, size, inner);
}

// --- internal helpers ---

/** The longest column that a team goes through: some drivers end a loop after 65,535 rounds. */
const MAX_COLUMN = 2 ** 16;

/** Reads of a thread that are kept in registers. */
const KEPT = { 1: 8, 4: 4 } as const;

function byTeams(
  gpu: Gpu,
  key: string,
  source: string,
  log: boolean,
  inputs: Readonly<Record<string, GpuOperand>>,
  out: GpuOperand,
  outer: number,
  size: number,
  inner: number,
): void {
  const operands = Object.entries(inputs);
  const isAligned = [...Object.values(inputs), out].every(({ offset }) => offset % 4 === 0);
  const { lanes, team, along, count, perGroup, ...columns } = columnsOf(outer, size, inner, isAligned ? 0 : null, true);
  const reads = Math.ceil(columns.size / team);
  const kept = reads <= KEPT[lanes] ? KEPT[lanes] : 0;
  const type = lanes > 1 ? "vec4<f32>" : "f32";
  run(gpu, {
    key: `${key} ${lanes} ${kept}`,
    source: [values, math, teams, teamValues, source],
    defines: () =>
      `const LOG = ${log};\nconst LANES = ${lanes}u;\nconst READS = ${kept}u;\nalias V = ${type};\n${laneOf[lanes]}\n${LANE_ACCESS[lanes]}`,
    bindings: [
      ...operands.map(([name, { storage, offset }]) => ({ name, memory: storage.handle, type, inPlace: offset === out.offset })),
      { name: "out", memory: out.storage.handle, type, write: true },
    ],
    params: [
      count,
      columns.size,
      columns.inner,
      team,
      along,
      reads,
      ...operands.map(([, { offset }]) => offset / lanes),
      out.offset / lanes,
    ],
    groups: Math.ceil(count / perGroup),
  });
}

/** What team-values.wgsl asks for beside `lane_of`: a lane of a V set, and a V with its lanes exchanged over a distance. */
const LANE_ACCESS = {
  1: "fn set_lane(v: ptr<function, V>, lane: u32, x: f32) { *v = x; }\nfn turned(v: V, by: u32) -> V { return v; }",
  4: "fn set_lane(v: ptr<function, V>, lane: u32, x: f32) { (*v)[lane] = x; }\nfn turned(v: V, by: u32) -> V { if (by == 2u) { return v.zwxy; } return v.yxwz; }",
};

/** The data seen as [outer, size, inner], and one value for each column, repeated along it. */
function views(gpu: Gpu, outer: number, size: number, inner: number) {
  const shape = [outer, size, inner];
  const strides = [size * inner, inner, 1];
  const columns = gpu.allocator.scratch(outer * inner);
  return {
    columns,
    whole: (operand: GpuOperand): GpuOperand => ({ ...operand, shape, strides }),
    flat: operandOf(columns, [outer * inner], [1]),
    repeated: operandOf(columns, shape, [inner, 0, 1]),
    scratch: operandOf(gpu.allocator.scratch(outer * size * inner), shape, strides),
  };
}

function longSoftmax(gpu: Gpu, log: boolean, x: GpuOperand, out: GpuOperand, outer: number, size: number, inner: number): void {
  const { columns, whole, flat, repeated, scratch } = views(gpu, outer, size, inner);
  const result = whole(out);
  reduce(gpu, "amax", x, flat, outer, size, inner);
  binary(gpu, "sub", whole(x), repeated, result);
  unary(gpu, "exp", result, log ? scratch : result);
  reduce(gpu, "sum", log ? scratch : result, flat, outer, size, inner);
  if (log) unary(gpu, "log", flat, flat);
  binary(gpu, log ? "sub" : "div", result, repeated, result);
  gpu.allocator.reuse(columns);
  gpu.allocator.reuse(scratch.storage.handle);
}

function longSoftmaxGrad(
  gpu: Gpu,
  log: boolean,
  y: GpuOperand,
  grad: GpuOperand,
  out: GpuOperand,
  outer: number,
  size: number,
  inner: number,
): void {
  const { columns, whole, flat, repeated, scratch } = views(gpu, outer, size, inner);
  if (log) {
    reduce(gpu, "sum", grad, flat, outer, size, inner);
    unary(gpu, "exp", whole(y), scratch);
    binary(gpu, "mul", scratch, repeated, scratch);
    binary(gpu, "sub", whole(grad), scratch, whole(out));
  } else {
    binary(gpu, "mul", whole(grad), whole(y), scratch);
    reduce(gpu, "sum", scratch, flat, outer, size, inner);
    binary(gpu, "sub", whole(grad), repeated, scratch);
    binary(gpu, "mul", whole(y), scratch, whole(out));
  }
  gpu.allocator.reuse(columns);
  gpu.allocator.reuse(scratch.storage.handle);
}
