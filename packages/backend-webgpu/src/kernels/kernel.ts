import type { DType, Operand } from "@dropwise/core/backend";
import type { Gpu } from "../gpu/gpu";
import type { GpuMemory } from "../gpu/memory";
import grid from "./grid.wgsl";

export type GpuOperand = Operand<GpuMemory>;

/** One buffer of a kernel. To read, WGSL calls `load_<name>(index)`; to write, it uses the array `<name>`. */
export interface Binding {
  readonly name: string;
  readonly memory: GpuMemory;
  /** The WGSL type of an element. */
  readonly type: string;
  readonly write?: boolean;
  /** True when each thread reads only elements that it writes itself, so that this operand may be the one written. */
  readonly inPlace?: boolean;
}

/** A kernel and its work. */
export interface KernelCall {
  /** Names the code: calls with one key have the same `source` and `defines`. */
  readonly key: string;
  /** WGSL files, beside grid.wgsl. */
  readonly source: readonly string[];
  /** WGSL that makes the files' code concrete: constants, aliases, functions. */
  readonly defines: string;
  readonly bindings: readonly Binding[];
  /** The 32-bit words of the struct `Params`. */
  readonly params: readonly number[];
  /** Work items, one thread each; or groups, where a kernel's groups have a shape of their own. */
  readonly threads?: number;
  readonly groups?: number;
}

/** Threads in a group, as in grid.wgsl. */
const GROUP_SIZE = 64;

/** Records a kernel. Inputs that share memory with an output are read through the output where that is safe, and copied first where not: WebGPU refuses both at once. */
export function run(gpu: Gpu, call: KernelCall): void {
  const groups = call.groups ?? Math.ceil((call.threads as number) / GROUP_SIZE);
  if (groups === 0) return;
  const written = call.bindings.filter((binding) => binding.write);
  const copies: GpuMemory[] = [];
  const bound: Binding[] = [];
  let loads = "";
  let accesses = "";
  let pattern = "";
  for (const binding of call.bindings) {
    const { name, type, write } = binding;
    const same = write ? undefined : written.find(({ memory }) => memory === binding.memory);
    let from = name;
    if (same !== undefined && binding.inPlace) {
      from = same.name;
    } else {
      bound.push(same === undefined ? binding : { ...binding, memory: copyOf(gpu, binding.memory, copies) });
      accesses += write ? "w" : "r";
      loads += `@group(0) @binding(${bound.length}) var<storage, ${write ? "read_write" : "read"}> ${name}: array<${type}>;\n`;
    }
    pattern += ` ${name}:${from}`;
    if (!write) loads += `fn load_${name}(i: u32) -> ${type} { return ${from}[i]; }\n`;
  }
  const code = () => `@group(0) @binding(0) var<uniform> p: Params;\n${loads}${call.defines}\n${grid}\n${call.source.join("\n")}`;
  const uniformBytes = Math.ceil(call.params.length / 4) * 16;
  const pipeline = gpu.pipelines.get(call.key + pattern, accesses, uniformBytes, code);
  const memories = bound.map(({ memory }) => memory);
  gpu.recorder.dispatch(pipeline, memories, call.params, grid2d(groups, gpu.session.device.limits.maxComputeWorkgroupsPerDimension));
  for (const copy of copies) gpu.allocator.reuse(copy);
}

/** The WGSL type of an element of a dtype. */
export function typeOf(dtype: DType): "f32" | "i32" | "u32" {
  if (dtype === "bool") return "u32";
  return dtype === "int32" ? "i32" : "f32";
}

const floats = new Float32Array(1);
const words = new Uint32Array(floats.buffer);

/** The bits of a number as float32. */
export function floatBits(value: number): number {
  floats[0] = value;
  return words[0] as number;
}

/** The bits of a number as a value of `dtype`, converted as a typed array does. */
export function bitsOf(value: number, dtype: DType): number {
  if (dtype === "bool") return Number(value !== 0);
  return dtype === "int32" ? value >>> 0 : floatBits(value);
}

/** A contiguous operand over device memory, for kernels that are put together from others. */
export function operandOf(memory: GpuMemory, shape: readonly number[], strides: readonly number[], dtype: DType = "float32"): GpuOperand {
  return { storage: { handle: memory, dtype, length: memory.bytes / 4 }, shape, strides, offset: 0 };
}

// --- internal helpers ---

/** As square as needed: the first side is the longer one. */
function grid2d(groups: number, limit: number): [x: number, y: number] {
  const y = Math.ceil(groups / limit);
  return [Math.ceil(groups / y), y];
}

function copyOf(gpu: Gpu, memory: GpuMemory, copies: GpuMemory[]): GpuMemory {
  const copy = gpu.allocator.scratch(memory.bytes / 4);
  const { recorder, allocator } = gpu;
  const move = { from: allocator.bufferOf(memory), fromOffset: 0, to: allocator.bufferOf(copy), toOffset: 0, bytes: memory.bytes };
  recorder.copy(move, [memory, copy]);
  copies.push(copy);
  return copy;
}
