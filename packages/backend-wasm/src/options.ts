/** What `createWasmBackend` was given, read once and checked. */
import { BackendUnavailableError, optionsOf, wrongType, wrongValue } from "@dropwise/core/backend";
import { MODULE_FILE, RELAXED_MODULE_FILE } from "./module";
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
  /**
   * Whether matrix products, and what is made of them (attention, convolutions, LSTMs), use WebAssembly's relaxed SIMD, which multiplies and adds in one step:
   * products alone are about half as fast again. The engine then rounds once or twice, as the processor can, so products may differ in their last bit from one
   * machine to another; masks and dropout never do. `info.device` says what there is: `"relaxed-simd"` or `"simd128"`. Default: where the engine has it (Chromium 114, Node 22, and newer) and, with `module`, `relaxedModule` is given.
   */
  readonly relaxedSimd?: boolean;
  /**
   * The kernels for relaxed SIMD, to go with `module`: the file `@dropwise/backend-wasm/kernels-relaxed.wasm` as bytes or compiled. Default: those that are
   * built in, or none where `module` is given.
   */
  readonly relaxedModule?: WebAssembly.Module | BufferSource;
  /** The memory to live in, otherwise unused; its maximum bounds what can be allocated. Shared or plain. Default: a new one that may grow to 4 GiB. */
  readonly memory?: WebAssembly.Memory;
}

/** The options as the backend takes them. */
export interface WasmOptions {
  /** Threads to run; more than one only where memory can be shared. */
  readonly threads: number;
  /** The kernels; absent: those that are built in. */
  readonly module: Given;
  /** Those for relaxed SIMD; absent: those that are built in, or, where `module` is given, none. */
  readonly relaxedModule: Given;
  readonly relaxedSimd: boolean | undefined;
  readonly memory: WebAssembly.Memory | undefined;
  /** Whether the memory that was given is shared. */
  readonly isShared: boolean;
}

/** A module, compiled or as bytes of our own, or none. */
export type Given = WebAssembly.Module | Uint8Array<ArrayBuffer> | undefined;

/** Reads and checks options. Throws BackendUnavailableError where there is no WebAssembly, before anything is asked of it. */
export function readOptions(options: WasmBackendOptions): WasmOptions {
  const {
    threads = "auto",
    module: given,
    relaxedModule: givenRelaxed,
    relaxedSimd,
    memory,
  } = optionsOf(OP, options, { threads: "any", module: "any", memory: "any", relaxedSimd: "flag", relaxedModule: "any" });
  checkThreads(threads);
  if (typeof WebAssembly !== "object") throw new BackendUnavailableError("wasm", NO_WEBASSEMBLY);
  const buffer = memory === undefined ? undefined : bufferOf(memory);
  const isShared = typeof SharedArrayBuffer === "function" && (buffer as unknown) instanceof SharedArrayBuffer;
  const module = given === undefined ? undefined : moduleOf(given, "module", MODULE_FILE);
  const relaxedModule = givenRelaxed === undefined ? undefined : moduleOf(givenRelaxed, "relaxedModule", RELAXED_MODULE_FILE);
  const areBytes = [module, relaxedModule].every((part) => part === undefined || part instanceof Uint8Array);
  const canShare = canShareMemory() && areBytes && (buffer === undefined || isShared);
  const wanted = threads === "auto" ? Math.min(processorCount(), AUTO_THREADS) : threads;
  return { threads: canShare ? wanted : 1, module, relaxedModule, relaxedSimd, memory, isShared };
}

// --- internal helpers ---

const OP = "createWasmBackend";

const NO_WEBASSEMBLY =
  "expected a runtime with WebAssembly, got one without (--jitless, say, or the Lockdown Mode of an iPhone) - allow it, or use the cpu backend of @dropwise/core";

/** The most that `"auto"` starts: beyond it the kernels here are bound by memory. */
const AUTO_THREADS = 8;

/** More than any machine this was made for has processors; a mistake otherwise. */
const MAX_THREADS = 256;

function checkThreads(threads: unknown): void {
  if (threads === "auto") return;
  if (typeof threads !== "number") throw wrongType(OP, 'threads to be a number or "auto"', threads);
  if (!Number.isInteger(threads) || threads < 1 || threads > MAX_THREADS)
    throw wrongValue(OP, `threads to be an integer from 1 to ${MAX_THREADS}`, threads);
}

/** The buffer of a memory, of whichever realm. Asked of the engine itself: a proxy of a memory passes `instanceof`, and works nowhere. */
function bufferOf(memory: unknown): ArrayBufferLike {
  const getter = Object.getOwnPropertyDescriptor(WebAssembly.Memory.prototype, "buffer")?.get as () => ArrayBufferLike;
  try {
    return getter.call(memory);
  } catch {
    throw wrongType(OP, "memory to be a WebAssembly.Memory", memory, "leave it out for a new one");
  }
}

/** A compiled module, of whichever realm, or a copy of its bytes: they may be changed as soon as they are given. */
function moduleOf(module: unknown, name: string, file: string): WebAssembly.Module | Uint8Array<ArrayBuffer> {
  try {
    const bytes = bytesOf(module);
    if (bytes !== undefined) return bytes;
    WebAssembly.Module.exports(module as WebAssembly.Module); // throws for anything else
    return module as WebAssembly.Module;
  } catch {
    throw wrongType(OP, `${name} to be a WebAssembly.Module or the bytes of one`, module, `take ${file}`);
  }
}

/** A copy of bytes that begin as every module does; undefined for what is no bytes. Throws for others. */
function bytesOf(module: unknown): Uint8Array<ArrayBuffer> | undefined {
  if (!ArrayBuffer.isView(module) && Object.prototype.toString.call(module) !== "[object ArrayBuffer]") return undefined;
  const bytes = new Uint8Array(
    ArrayBuffer.isView(module) ? new Uint8Array(module.buffer, module.byteOffset, module.byteLength) : (module as ArrayBuffer),
  ).slice();
  if (MAGIC.some((byte, i) => bytes[i] !== byte)) throw new TypeError("no module");
  return bytes;
}

/** "\0asm". */
const MAGIC = [0, 0x61, 0x73, 0x6d];
