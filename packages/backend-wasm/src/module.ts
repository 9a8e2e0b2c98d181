/**
 * The bytes of the modules, and their two faces. The second has the tiles of products for engines with relaxed SIMD.
 * A module says whether the memory it imports is shared, and an engine refuses the other kind; nothing
 * else in it depends on that. So there is one binary, for plain memory, and `forSharedMemory` sets the one bit in which the two differ.
 */
import { BackendUnavailableError } from "@dropwise/core/backend";
import { KERNELS, RELAXED_KERNELS } from "./generated/kernels";
import { TILE_EXPORTS } from "./tiles";

/** What the module exports, beside its stack pointer: kernels by name. A kernel computes the units [begin, end) of the call described at `args`. */
export type Kernel = (args: number, begin: number, end: number, scratch: number) => void;

/** The kernels, as the module calls them; workers are told a kernel by its place here. */
export const KERNEL_NAMES = [
  "dropout",
  "unary",
  "binary",
  "reduce",
  "sumPieces",
  "softmax",
  "softmaxGrad",
  "sgd",
  "adam",
  "matmul",
  "dropoutLayout",
  "normalize",
  "normalizeGrad",
  "lstm",
  "lstmGrad",
  "attention",
  "attentionGrad",
  "planConvolution",
  "convolution",
  "convolutionWeights",
  "pool",
  "activation",
  "copy",
  "where",
  "gather",
  "scatterAdd",
] as const;

export type KernelName = (typeof KERNEL_NAMES)[number];

/** What an advice calls the module that others can load. */
export const MODULE_FILE = "the file @dropwise/backend-wasm/kernels.wasm of this version";
export const RELAXED_MODULE_FILE = "the file @dropwise/backend-wasm/kernels-relaxed.wasm of this version";

/** The bytes that are built in. */
export const builtInModule = (): Uint8Array<ArrayBuffer> => bytesOf(KERNELS);
export const builtInRelaxedModule = (): Uint8Array<ArrayBuffer> => bytesOf(RELAXED_KERNELS);

/** A copy of the module that imports shared memory: bit 1 of the flags that open the limits of the imported memory. */
export function forSharedMemory(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const copy = new Uint8Array(bytes);
  const at = memoryFlags(copy);
  copy[at] = (copy[at] as number) | SHARED;
  return copy;
}

/** Refuses a compiled module that is another one than the kernels, or than their tiles for relaxed SIMD. */
export function checkKernels(module: WebAssembly.Module, isRelaxed: boolean): void {
  const names = WebAssembly.Module.exports(module).map(({ name }) => name);
  const wanted = isRelaxed ? TILE_EXPORTS : ["__heap_base", "__stack_pointer", ...TILE_EXPORTS, ...KERNEL_NAMES];
  const missing = wanted.find((name) => !names.includes(name));
  if (missing === undefined) return;
  const [option, file] = isRelaxed ? ["relaxedModule", RELAXED_MODULE_FILE] : ["module", MODULE_FILE];
  throw new TypeError(`createWasmBackend: expected ${option} to export ${missing}, got one that does not - take ${file}`);
}

/** Compiles bytes, or says why this runtime cannot. */
export async function compile(bytes: Uint8Array<ArrayBuffer>): Promise<WebAssembly.Module> {
  if (!WebAssembly.validate(bytes)) {
    const wanted = "expected a runtime with WebAssembly and its 128-bit SIMD, got one without";
    throw new BackendUnavailableError("wasm", `${wanted} - update it, or use the cpu backend of @dropwise/core`);
  }
  try {
    return await WebAssembly.compile(bytes);
  } catch (error) {
    const fix =
      "allow 'wasm-unsafe-eval' in a page's script-src; elsewhere import @dropwise/backend-wasm/kernels.wasm and pass it as { module }";
    throw new BackendUnavailableError("wasm", `expected to be allowed to compile WebAssembly, got "${(error as Error).message}" - ${fix}`);
  }
}

// --- internal helpers ---

/** Reads what `textOf` of `scripts/build.mjs` wrote. */
function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(text.length);
  let count = 0;
  let above = -3;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code < 34) above = (code - 31) * 91 - 3;
    else {
      bytes[count++] = above + code - (code < 92 ? 35 : 36);
      above = -3;
    }
  }
  return bytes.slice(0, count);
}

/** In the flags of a memory's limits: 1 it has a maximum, 2 it is shared. */
const SHARED = 2;

const IMPORT_SECTION = 2;
const MEMORY_IMPORT = 2;

/** The place of the flags of the imported memory, which is the first import. */
function memoryFlags(bytes: Uint8Array): number {
  let at = 8; // after the magic number and the version
  const number = (): number => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++] as number;
      value |= (byte & 0x7f) << shift;
      if (!(byte >= 0x80)) return value; // also where there is no byte
    }
  };
  while (at < bytes.length) {
    const section = number();
    const end = number() + at;
    if (section === IMPORT_SECTION) {
      number(); // how many imports
      for (const _ of ["env", "memory"]) {
        const length = number(); // before `at` is read: it moves
        at += length;
      }
      if (number() === MEMORY_IMPORT) return at;
    }
    at = end;
  }
  throw new TypeError(`createWasmBackend: expected module to import its memory first, got one that does not - take ${MODULE_FILE}`);
}
