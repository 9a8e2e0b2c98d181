import { type DType, type Operand, OutOfMemoryError } from "@dropwise/core/backend";
import type { Gpu } from "../gpu/gpu";
import type { GpuMemory } from "../gpu/memory";
import type { MemorySlice } from "../gpu/recorder";
import { NAME } from "../gpu/session";
import grid from "./grid.wgsl";

export type GpuOperand = Operand<GpuMemory>;

/** One buffer of a kernel. WGSL reads it with `load_<name>(index)` and, where it may, writes it with `store_<name>(index, value)`. */
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
  /** WGSL that makes the files' code concrete: constants, aliases, functions. Asked for when the kernel is compiled, not in every call. */
  readonly defines: () => string;
  readonly bindings: readonly Binding[];
  /** The 32-bit words of the struct `Params`. */
  readonly params: readonly number[];
  /** Work items, one thread each; or groups, where a kernel's groups have a shape of their own. */
  readonly threads?: number;
  readonly groups?: number;
}

/** Threads in a group, as in grid.wgsl. */
export const GROUP_SIZE = 128;

/** How many of `count` pieces of work a thread takes: a few where there are enough to fill a large device anyhow, since starting threads takes time, too. */
export function eachOf(count: number): number {
  return Math.max(1, Math.min(MOST_EACH, Math.floor(count / FILLING)));
}

/**
 * Records a kernel. Inputs that share memory with an output are read through the output where that is safe, and copied first where not: WebGPU
 * refuses both at once. Memory larger than one binding is seen through several.
 */
export function run(gpu: Gpu, call: KernelCall): void {
  const groups = call.groups ?? Math.ceil((call.threads as number) / GROUP_SIZE);
  if (groups === 0) return;
  const { limits } = gpu.session;
  const { windowBytes } = gpu.allocator;
  const written = call.bindings.filter((binding) => binding.write);
  const copies: GpuMemory[] = [];
  const slices: MemorySlice[] = [];
  const accessors: (() => string)[] = [];
  let accesses = "";
  let pattern = "";
  for (const binding of call.bindings) {
    const { name, type, write = false } = binding;
    gpu.allocator.check(call.key, binding.memory);
    const same = write ? undefined : written.find(({ memory }) => memory === binding.memory);
    if (same !== undefined && binding.inPlace) {
      pattern += ` ${name}:${same.name}`;
      accessors.push(() => `fn load_${name}(i: u32) -> ${type} { return load_${same.name}(i); }\n`);
      continue;
    }
    const memory = same === undefined ? binding.memory : copyOf(gpu, binding.memory, copies);
    const windows = Math.ceil(memory.bytes / windowBytes);
    const first = slices.length + 1;
    accessors.push(() => declare(name, type, write, first, windows, windowBytes));
    pattern += ` ${name}:${windows}`;
    for (let window = 0, offset = 0; window < windows; window++, offset += windowBytes) {
      slices.push({ memory, offset, size: Math.min(windowBytes, memory.bytes - offset) });
      accesses += write ? "w" : "r";
    }
  }
  if (slices.length > limits.maxStorageBuffersPerShaderStage) {
    const bytes = slices.reduce((sum, { size }) => sum + size, 0);
    throw new OutOfMemoryError(
      NAME,
      bytes,
      `one kernel sees at most ${limits.maxStorageBuffersPerShaderStage} pieces of ${windowBytes} bytes; split the tensors`,
    );
  }
  const code = () =>
    `@group(0) @binding(0) var<uniform> p: Params;\n${accessors.map((text) => text()).join("")}${call.defines()}\n${grid}\n${call.source.join("\n")}`;
  const uniformBytes = Math.ceil(call.params.length / 4) * 16;
  const pipeline = gpu.pipelines.get(call.key + pattern, accesses, uniformBytes, code);
  gpu.recorder.dispatch(pipeline, slices, call.params, grid2d(groups, limits.maxComputeWorkgroupsPerDimension));
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

/** What a thread takes at most: more would leave too few threads at the end. */
const MOST_EACH = 4;
/** Threads that fill a large device. */
const FILLING = 2 ** 17;

/** As square as needed: the first side is the longer one. */
function grid2d(groups: number, limit: number): [x: number, y: number] {
  const y = Math.ceil(groups / limit);
  return [Math.ceil(groups / y), y];
}

/** The WGSL variables and functions of one buffer, seen through windows of equal size. */
function declare(name: string, type: string, write: boolean, firstBinding: number, windows: number, windowBytes: number): string {
  const elements = windowBytes / (type.startsWith("vec4") ? 16 : 4);
  const indices = Array.from({ length: windows }, (_, window) => window);
  const last = windows - 1;
  /** Picks the window of index i: every one but the last is asked for. */
  const each = (use: (element: string) => string) =>
    indices
      .map((w) => `${w < last ? `if (i < ${(w + 1) * elements}u) ` : ""}{ ${use(`${name}_${w}[i - ${w * elements}u]`)} }`)
      .join(" else ");
  const variables = indices.map(
    (w) => `@group(0) @binding(${firstBinding + w}) var<storage, ${write ? "read_write" : "read"}> ${name}_${w}: array<${type}>;\n`,
  );
  const load = `fn load_${name}(i: u32) -> ${type} { ${each((element) => `return ${element};`)} }\n`;
  const store = write ? `fn store_${name}(i: u32, value: ${type}) { ${each((element) => `${element} = value;`)} }\n` : "";
  return variables.join("") + load + store;
}

function copyOf(gpu: Gpu, memory: GpuMemory, copies: GpuMemory[]): GpuMemory {
  const copy = gpu.allocator.scratch(memory.bytes / 4);
  const { recorder, allocator } = gpu;
  const move = { from: allocator.bufferOf(memory), fromOffset: 0, to: allocator.bufferOf(copy), toOffset: 0, bytes: memory.bytes };
  recorder.copy(move, [memory, copy]);
  copies.push(copy);
  return copy;
}
