import { type Backend, type BackendStorage, BackendUnavailableError, referenceKernels, withEpilogue } from "@dropwise/core/backend";
import { attention } from "./attention";
import { convolution } from "./convolution";
import { dropout } from "./dropout";
import { elementwise } from "./elementwise";
import { gather } from "./gather";
import { lstm } from "./lstm";
import { matmul } from "./matmul";
import { builtInModule, builtInRelaxedModule, checkKernels, compile, forSharedMemory, KERNEL_NAMES } from "./module";
import { movement } from "./movement";
import { normalize } from "./normalize";
import { optimizer } from "./optimizer";
import { type Given, readOptions, type WasmBackendOptions, type WasmOptions } from "./options";
import { Pool } from "./pool";
import { pooling } from "./pooling";
import { Word } from "./protocol";
import { reduce } from "./reduce";
import { Runtime, SCRATCH_BYTES, type WasmHandle } from "./runtime";
import { PAGE } from "./tensor-arena";
import { useTiles } from "./tiles";

/**
 * A backend whose tensors live in the memory of a WebAssembly module: SIMD kernels, on several threads where memory can be shared. What it has
 * no kernel for runs as core's reference kernels on the same memory. Masks are those of every other backend, and all results are the
 * same bits for any number of threads.
 *
 * @param options Default: all threads that help, the module that is built in, new memory.
 * @throws TypeError or RangeError for wrong options.
 * @throws BackendUnavailableError where WebAssembly or its SIMD is missing, or compiling is forbidden.
 * @example
 * ```ts
 * const wasm = await createWasmBackend();
 * manualSeed(42);
 * const x = ones([8], { backend: wasm });
 * console.log(F.dropout(x, { p: 0.5 }).dataSync().join()); // 0,2,2,2,2,2,2,0
 * ```
 */
export async function createWasmBackend(options: WasmBackendOptions = {}): Promise<Backend<WasmHandle>> {
  const { threads, ...wanted } = readOptions(options);
  const module = await prepare(wanted, threads > 1);
  const { memory } = module;
  const instances = await instantiate(module);
  const exports = instances[0] as WebAssembly.Exports;
  const heap = align((exports.__heap_base as WebAssembly.Global).value as number);
  const layout = {
    control: heap,
    args: heap + 4 * Word.length,
    scratch: heap + CONTROL_BYTES,
    start: heap + CONTROL_BYTES + SCRATCH_BYTES,
  };

  let pool: Pool | null = null;
  const workers = threads - 1;
  const start = layout.start + workers * (STACK_BYTES + SCRATCH_BYTES);
  ensure(memory, start);
  useTiles(instances, memory, layout.scratch);
  if (workers > 0) {
    const starts = Array.from({ length: workers }, (_, i) => {
      const stack = layout.start + i * (STACK_BYTES + SCRATCH_BYTES) + STACK_BYTES; // stacks grow downwards
      return { modules: module.compiled, memory, control: layout.control, stack, scratch: stack, kernels: KERNEL_NAMES };
    });
    // Where workers are forbidden (by a content security policy, say) one thread does it all.
    pool = await Pool.create(starts).catch(() => null);
  }
  return backendOf(new Runtime(memory, exports, { ...layout, start }, pool), module.compiled.length > 1);
}

// --- internal helpers ---

/** The stack of a worker: a kernel uses some hundred bytes, and dropout with a layout 8 kB. */
const STACK_BYTES = 16384;

/** The shared words, the argument block and a constant, rounded up. */
const CONTROL_BYTES = 1024;

const align = (address: number): number => Math.ceil(address / 64) * 64;

interface Prepared {
  /** The kernels, and their tiles for relaxed SIMD where they are used. */
  readonly compiled: readonly WebAssembly.Module[];
  readonly memory: WebAssembly.Memory;
}

function backendOf(runtime: Runtime, isRelaxed: boolean): Backend<WasmHandle> {
  const view = (storage: BackendStorage<WasmHandle>) => runtime.view(storage);
  const reference = referenceKernels((storage) => runtime.view(storage as BackendStorage<WasmHandle>));
  const maps = elementwise(runtime, reference);
  const masks = dropout(runtime, reference);
  const matrices = matmul(runtime, reference);
  return {
    name: "wasm",
    info: {
      contract: 2,
      hostVisible: true,
      dtypes: ["float32", "float64", "int32", "bool"],
      threads: runtime.threads,
      device: isRelaxed ? "relaxed-simd" : "simd128",
      maxBufferBytes: MAX_MEMORY - align(runtime.layout.start),
    },
    allocate: (dtype, length) => runtime.allocate(dtype, length),
    write: (storage, data) => view(storage).set(data),
    read: async (storage, start, length) => view(storage).slice(start, start + length),
    view,
    release: (handle) => runtime.release(handle),
    ...maps,
    ...reduce(runtime, reference),
    ...matrices,
    ...masks,
    linear: withEpilogue(matrices.linear, { ...maps, ...masks }),
    ...convolution(runtime),
    ...pooling(runtime),
    ...optimizer(runtime, reference),
    ...normalize(runtime),
    ...lstm(runtime),
    ...attention(runtime),
    ...movement(runtime, reference),
    ...gather(runtime, reference),
    dispose: () => runtime.dispose(),
    get isDisposed() {
      return runtime.isDisposed;
    },
  };
}

/** The modules compiled for the kind of memory, and the memory. */
async function prepare({ memory, isShared, ...given }: Omit<WasmOptions, "threads">, hasThreads: boolean): Promise<Prepared> {
  const shared = isShared || hasThreads;
  const compileFor = async (module: Exclude<Given, undefined>, isRelaxed: boolean): Promise<WebAssembly.Module> => {
    const compiled = module instanceof Uint8Array ? await compile(shared ? forSharedMemory(module) : module) : module;
    checkKernels(compiled, isRelaxed);
    return compiled;
  };
  const compiled = [await compileFor(given.module ?? builtInModule(), false)];
  const relaxed = relaxedModuleOf(given);
  if (relaxed !== undefined) compiled.push(await compileFor(relaxed, true));
  return { compiled, memory: memory ?? newMemory(shared) };
}

/** The tiles for relaxed SIMD, where they are to be used: an engine without it takes no module that has it. */
function relaxedModuleOf({ module, relaxedModule, relaxedSimd }: Pick<WasmOptions, "module" | "relaxedModule" | "relaxedSimd">): Given {
  if (relaxedSimd === false) return undefined;
  const relaxed = relaxedModule ?? (module === undefined ? builtInRelaxedModule() : undefined);
  if (relaxed !== undefined && (relaxed instanceof WebAssembly.Module || WebAssembly.validate(relaxed))) return relaxed;
  if (relaxedSimd === undefined) return undefined;
  const wanted =
    relaxed === undefined ? "expected relaxedModule beside module, got none" : "expected a runtime with relaxed SIMD, got one without";
  throw new BackendUnavailableError("wasm", `${wanted} - leave relaxedSimd out, which takes it where it is`);
}

/** A memory with as large a maximum as the runtime allows: some reserve addresses for all of it. */
function newMemory(shared: boolean): WebAssembly.Memory {
  for (let maximum = MAX_MEMORY / PAGE; ; maximum /= 2) {
    try {
      return new WebAssembly.Memory({ initial: 1, maximum, shared });
    } catch (error) {
      if (maximum <= 256) throw new BackendUnavailableError("wasm", `expected memory for the backend, got "${(error as Error).message}"`);
    }
  }
}

/** All that 32-bit addresses reach. */
const MAX_MEMORY = 2 ** 32;

/** The exports of each module. */
async function instantiate({ compiled, memory }: Prepared): Promise<readonly WebAssembly.Exports[]> {
  try {
    ensure(memory, 2 * PAGE);
    const instances = await Promise.all(compiled.map((module) => WebAssembly.instantiate(module, { env: { memory } })));
    return instances.map(({ exports }) => exports);
  } catch (error) {
    if (error instanceof BackendUnavailableError) throw error;
    const wanted = "expected module and memory to fit (a compiled module takes plain memory only)";
    throw new BackendUnavailableError("wasm", `${wanted}, got "${(error as Error).message}"`);
  }
}

/** Grows the memory to at least `bytes`. */
function ensure(memory: WebAssembly.Memory, bytes: number): void {
  const missing = bytes - memory.buffer.byteLength;
  if (missing <= 0) return;
  try {
    memory.grow(Math.ceil(missing / PAGE));
  } catch {
    throw new BackendUnavailableError("wasm", `expected memory that can grow to ${bytes} bytes, got a smaller maximum`);
  }
}
