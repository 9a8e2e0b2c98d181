import { constants } from "node:buffer";
import { availableParallelism, totalmem } from "node:os";
import {
  type Backend,
  BackendUnavailableError,
  optionsOf,
  referenceKernels,
  withEpilogue,
  wrongType,
  wrongValue,
} from "@dropwise/core/backend";
import { BLOCK_LENGTH, Call, disposed } from "./call";
import { attention } from "./kernels/attention";
import { convolution } from "./kernels/convolution";
import { copy } from "./kernels/copy";
import { dropout } from "./kernels/dropout";
import { elementwise } from "./kernels/elementwise";
import { gather } from "./kernels/gather";
import { lstm } from "./kernels/lstm";
import { normalize } from "./kernels/normalize";
import { optimizer } from "./kernels/optimizer";
import { pool } from "./kernels/pool";
import { products } from "./kernels/products";
import { reductions } from "./kernels/reductions";
import { loadAddon } from "./load";
import type { NativeHandle } from "./memory";

/** Options of {@link createNativeBackend}. */
export interface NativeBackendOptions {
  /** Threads that a kernel may use, the calling one included; `"auto"` is one for each processor, 16 at most. Default: `"auto"`. */
  readonly threads?: number | "auto";
  /**
   * The instruction set: `"avx512"`, `"avx2"`, `"sse2"`, `"neon"` or `"scalar"`. Default: the environment variable `DROPWISE_ISA`, else the best that the
   * processor and the system have.
   */
  readonly isa?: string;
}

/**
 * A backend of compiled kernels with vector instructions and threads. What it has no kernel for runs as core's reference kernels on the same memory. Masks are
 * those of every other backend, and all results are the same bits for any number of threads.
 *
 * `info.device` names the instruction set. Threads start with the first call that is large enough, sleep between calls, and never keep the process alive.
 *
 * @param options Default: all threads that help, the best instruction set.
 * @throws TypeError or RangeError for wrong options.
 * @throws BackendUnavailableError where there is no compiled addon for this platform, or the processor lacks the instruction set.
 * @example
 * ```ts
 * const native = createNativeBackend();
 * manualSeed(42);
 * const x = ones([8], { backend: native });
 * console.log(F.dropout(x, { p: 0.5 }).dataSync().join()); // 0,2,2,2,2,2,2,0
 * ```
 */
export function createNativeBackend(options: NativeBackendOptions = {}): Backend<NativeHandle> {
  const given = optionsOf(OP, options, { threads: "any", isa: "any" });
  const threads = threadsOf(given.threads);
  checkIsa(given.isa);
  const addon = loadAddon();
  const isa = isaOf(given.isa, addon.isas);
  const block = new Float64Array(BLOCK_LENGTH);
  const call = new Call(block, addon.open(block, threads, isa));
  return backendOf(call, threads, isa);
}

// --- internal helpers ---

const OP = "createNativeBackend";

/** The most that `"auto"` starts: beyond it these kernels are bound by memory. */
const AUTO_THREADS = 16;

/** More than is ever useful; a mistake otherwise. */
const MAX_THREADS = 256;

/** Room for a large tensor's way to a cache line. */
const SLACK_BYTES = 64;

function backendOf(call: Call, threads: number, isa: string): Backend<NativeHandle> {
  const reference = referenceKernels((storage) => call.view(storage.handle as NativeHandle));
  let live = true;
  const maps = elementwise(call, reference);
  const masks = dropout(call, reference);
  const matrices = products(call, reference);
  const members: Backend<NativeHandle> = {
    name: "native",
    info: {
      contract: 2,
      hostVisible: true,
      dtypes: ["float32", "float64", "int32", "bool"],
      threads,
      device: isa,
      // Newer engines promise more than any machine has, and take their time to find out.
      maxBufferBytes: Math.min(constants.MAX_LENGTH, totalmem()) - SLACK_BYTES,
    },
    allocate: (dtype, length) => {
      if (!live) throw disposed("allocate");
      return call.memory.allocate(dtype, length);
    },
    write: ({ handle }, data) => call.view(handle).set(data),
    read: async ({ handle }, start, length) => call.view(handle).slice(start, start + length),
    view: ({ handle }) => call.view(handle),
    release: (handle) => {
      if (live) call.memory.release(handle);
    },
    ...masks,
    ...maps,
    ...reductions(call, reference),
    ...matrices,
    linear: withEpilogue(matrices.linear, { ...maps, ...masks }),
    ...convolution(call),
    ...pool(call),
    ...optimizer(call, reference),
    ...normalize(call),
    ...lstm(call),
    ...copy(call, reference),
    ...attention(call),
    ...gather(call, reference),
    dispose: () => {
      if (!live) return;
      live = false;
      call.end();
    },
    get isDisposed() {
      return !live;
    },
  };
  return members;
}

function threadsOf(threads: unknown = "auto"): number {
  if (threads === "auto") return Math.min(availableParallelism(), AUTO_THREADS);
  if (typeof threads !== "number") throw wrongType(OP, 'threads to be a number or "auto"', threads);
  if (!Number.isInteger(threads) || threads < 1 || threads > MAX_THREADS)
    throw wrongValue(OP, `threads to be an integer from 1 to ${MAX_THREADS}`, threads);
  return threads;
}

function checkIsa(isa: unknown): void {
  if (isa !== undefined && typeof isa !== "string") throw wrongType(OP, "isa to be a string", isa);
}

function isaOf(isa: string | undefined, available: readonly string[]): string {
  const wanted = isa ?? (process.env.DROPWISE_ISA || (available[0] as string));
  if (available.includes(wanted)) return wanted;
  const source = isa === undefined ? "DROPWISE_ISA" : "isa";
  throw new BackendUnavailableError(
    "native",
    `expected ${source} to be an instruction set that runs here (${available.join(", ")}), got "${wanted}" - leave it out for the best one`,
  );
}
