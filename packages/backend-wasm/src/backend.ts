import { type Backend, type BackendStorage, BackendUnavailableError, referenceKernels } from "@dropwise/core/backend";
import { dropout } from "./dropout";
import { elementwise } from "./elementwise";
import { matmul, SCRATCH_BYTES } from "./matmul";
import { builtInModule, compile, forSharedMemory, KERNEL_NAMES } from "./module";
import { optimizer } from "./optimizer";
import { Pool } from "./pool";
import { Word } from "./protocol";
import { reduce } from "./reduce";
import { Runtime, type WasmHandle } from "./runtime";
import { PAGE } from "./tensor-arena";
import { canShareMemory, processorCount } from "./threads";

/** Options of {@link createWasmBackend}. */
export interface WasmBackendOptions {
  /**
   * Threads that a kernel may use, this one included; `"auto"` is one for each processor, 8 at most. More than one needs shared memory: Node,
   * Bun, Deno, and pages that are cross-origin isolated. Elsewhere there is one, and `info.threads` says so. Default: `"auto"`.
   */
  readonly threads?: number | "auto";
  /**
   * The kernels, for runtimes that forbid compiling bytes: the file `@dropwise/backend-wasm/kernels.wasm` as bytes or compiled. Compiled, it takes
   * plain memory only, and there is one thread. Default: the module that is built in.
   */
  readonly module?: WebAssembly.Module | BufferSource;
  /** The memory to live in, otherwise unused; its maximum bounds what can be allocated. Shared or plain. Default: a new one that may grow to 4 GiB. */
  readonly memory?: WebAssembly.Memory;
}

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
  const wanted = threadsWanted(options);
  const module = await prepare(options, wanted);
  const { memory } = module;
  const { exports } = await instantiate(module);
  const heap = align((exports.__heap_base as WebAssembly.Global).value as number);
  const layout = {
    control: heap,
    args: heap + 4 * Word.length,
    scratch: heap + CONTROL_BYTES,
    start: heap + CONTROL_BYTES + SCRATCH_BYTES,
  };

  let pool: Pool | null = null;
  const workers = module.shared ? wanted - 1 : 0;
  const start = layout.start + workers * (STACK_BYTES + SCRATCH_BYTES);
  ensure(memory, start);
  if (workers > 0) {
    const starts = Array.from({ length: workers }, (_, i) => {
      const stack = layout.start + i * (STACK_BYTES + SCRATCH_BYTES) + STACK_BYTES; // stacks grow downwards
      return { module: module.compiled, memory, control: layout.control, stack, scratch: stack, kernels: KERNEL_NAMES };
    });
    // Where workers are forbidden (by a content security policy, say) one thread does it all.
    pool = await Pool.create(starts).catch(() => null);
  }
  return backendOf(new Runtime(memory, exports, { ...layout, start }, pool));
}

// --- internal helpers ---

/** The stack of a worker: a kernel uses some hundred bytes. */
const STACK_BYTES = 16384;

/** The shared words, the argument block and a constant, rounded up. */
const CONTROL_BYTES = 1024;

/** The most that `"auto"` starts: beyond it the kernels here are bound by memory. */
const AUTO_THREADS = 8;

/** More than any machine this was made for has processors; a mistake otherwise. */
const MAX_THREADS = 256;

const align = (address: number): number => Math.ceil(address / 64) * 64;

interface Prepared {
  readonly compiled: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  readonly shared: boolean;
}

function backendOf(runtime: Runtime): Backend<WasmHandle> {
  const view = (storage: BackendStorage<WasmHandle>) => runtime.view(storage);
  const reference = referenceKernels((storage) => runtime.view(storage as BackendStorage<WasmHandle>));
  return {
    name: "wasm",
    info: {
      hostVisible: true,
      dtypes: ["float32", "float64", "int32", "bool"],
      threads: runtime.threads,
      device: "simd128",
      maxBufferBytes: MAX_MEMORY - align(runtime.layout.start),
    },
    allocate: (dtype, length) => runtime.allocate(dtype, length),
    write: (storage, data) => view(storage).set(data),
    read: async (storage, start, length) => view(storage).slice(start, start + length),
    view,
    release: (handle) => runtime.release(handle),
    ...elementwise(runtime, reference),
    ...reduce(runtime, reference),
    ...matmul(runtime, reference),
    ...dropout(runtime, reference),
    ...optimizer(runtime, reference),
    dispose: () => runtime.dispose(),
  };
}

function threadsWanted({ threads = "auto", memory, module }: WasmBackendOptions): number {
  if (threads !== "auto" && typeof threads !== "number") {
    throw new TypeError(`createWasmBackend: expected threads to be a number or "auto", got ${String(threads)}`);
  }
  if (threads !== "auto" && (!Number.isInteger(threads) || threads < 1 || threads > MAX_THREADS)) {
    throw new RangeError(`createWasmBackend: expected threads to be an integer from 1 to ${MAX_THREADS}, got ${threads}`);
  }
  if (memory !== undefined && !(memory instanceof WebAssembly.Memory)) {
    throw new TypeError("createWasmBackend: expected memory to be a WebAssembly.Memory");
  }
  const possible = canShareMemory() && !(module instanceof WebAssembly.Module) && (memory === undefined || isShared(memory));
  if (!possible) return 1;
  return threads === "auto" ? Math.min(processorCount(), AUTO_THREADS) : threads;
}

/** The module compiled for the kind of memory, and the memory. */
async function prepare(options: WasmBackendOptions, threads: number): Promise<Prepared> {
  const shared = options.memory === undefined ? threads > 1 : isShared(options.memory);
  const compiled = await compiledModule(options.module, shared);
  return { compiled, memory: options.memory ?? newMemory(shared), shared };
}

async function compiledModule(module: WasmBackendOptions["module"], shared: boolean): Promise<WebAssembly.Module> {
  if (typeof WebAssembly === "object" && module instanceof WebAssembly.Module) return module;
  const bytes = module === undefined ? builtInModule() : bytesOf(module);
  return compile(shared ? forSharedMemory(bytes) : bytes);
}

function bytesOf(module: unknown): Uint8Array<ArrayBuffer> {
  if (ArrayBuffer.isView(module)) return new Uint8Array(new Uint8Array(module.buffer, module.byteOffset, module.byteLength));
  if (module instanceof ArrayBuffer) return new Uint8Array(module);
  throw new TypeError("createWasmBackend: expected module to be a WebAssembly.Module or the bytes of one");
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

async function instantiate({ compiled, memory }: Prepared): Promise<WebAssembly.Instance> {
  try {
    ensure(memory, 2 * PAGE);
    return await WebAssembly.instantiate(compiled, { env: { memory } });
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

function isShared(memory: WebAssembly.Memory): boolean {
  return typeof SharedArrayBuffer !== "undefined" && (memory.buffer as ArrayBufferLike) instanceof SharedArrayBuffer;
}
