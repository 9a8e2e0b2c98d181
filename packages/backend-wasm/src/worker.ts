/**
 * The program of a worker thread. It is built to one string that the package carries (`generated/worker.ts`), so that every bundler takes it along.
 * It never returns to its event loop: it claims chunks of the call that is on, spins for a moment when there are none, and then sleeps.
 */
import { MAX_CHUNKS, type Start, Word } from "./protocol";
import { useTiles } from "./tiles";

interface Port {
  postMessage(message: unknown): void;
}

function work({ modules, memory, control, stack, scratch, kernels }: Start, port: Port): void {
  const words = new Int32Array(memory.buffer, control, Word.length);
  const instances = modules.map((module) => new WebAssembly.Instance(module, { env: { memory } }).exports);
  const exports = instances[0] as WebAssembly.Exports;
  // Every instance begins with the same stack; each thread has one of its own.
  (exports.__stack_pointer as WebAssembly.Global).value = stack;
  useTiles(instances, memory, scratch);
  const functions = kernels.map((name) => exports[name] as Functions[number]);
  port.postMessage("ready");

  let spin = SPIN_MS;
  for (let sleeps = 1; ; sleeps++) {
    const awake = Atomics.load(words, Word.wake);
    // Whether work came while this thread waited awake. If not it waits shorter next time: with no core to spare it only keeps the main
    // thread from bringing any. Now and then it tries again.
    let worthwhile = false;
    let until = 0;
    for (let idle = 0; ; idle++) {
      if (claimAll(words, functions, scratch)) {
        worthwhile ||= until > 0;
        until = 0;
      }
      if ((idle & 15) !== 0) continue;
      const now = performance.now();
      if (until === 0) until = now + spin;
      else if (now > until) break;
    }
    spin = worthwhile || sleeps % 64 === 0 ? SPIN_MS : spin / 2;
    Atomics.add(words, Word.sleepers, 1);
    // Returns at once if a call was announced since `awake` was read.
    Atomics.wait(words, Word.wake, awake);
    Atomics.sub(words, Word.sleepers, 1);
  }
}

/** Long enough to be there for the next kernel of a training step, short enough not to burn a core. */
const SPIN_MS = 0.05;

type Functions = readonly ((args: number, begin: number, end: number, scratch: number) => void)[];

/** Claims and computes chunks until the call has none left; whether there was one. */
function claimAll(words: Int32Array, functions: Functions, scratch: number): boolean {
  let any = false;
  for (;;) {
    const claim = Atomics.load(words, Word.claim);
    const chunk = claim & MAX_CHUNKS;
    if (chunk >= Atomics.load(words, Word.chunks)) return any;
    const kernel = Atomics.load(words, Word.kernel);
    const args = Atomics.load(words, Word.args) >>> 0;
    const units = Atomics.load(words, Word.units) >>> 0;
    const size = Atomics.load(words, Word.chunkUnits) >>> 0;
    // The word carries the number of the call: if another has begun meanwhile, what was read above is void and the exchange fails.
    if (Atomics.compareExchange(words, Word.claim, claim, claim + 1) !== claim) continue;
    any = true;
    try {
      functions[kernel]?.(args, chunk * size, Math.min(units, (chunk + 1) * size), scratch);
    } catch {
      Atomics.store(words, Word.failed, 1);
    }
    Atomics.add(words, Word.done, 1);
    if (Atomics.load(words, Word.joining) !== 0) Atomics.notify(words, Word.done);
  }
}

/** How Node, and those who follow it, give a worker its first message; elsewhere it comes as an event. */
interface NodePort extends Port {
  once(event: "message", run: (start: Start) => void): void;
}

const { process, self } = globalThis as unknown as {
  process?: { getBuiltinModule?: (name: string) => { parentPort: NodePort | null } | undefined };
  self: Port & { onmessage: (event: { data: Start }) => void };
};
const port = process?.getBuiltinModule?.("node:worker_threads")?.parentPort ?? null;
if (port !== null) port.once("message", (start) => work(start, port));
else self.onmessage = ({ data }) => work(data, self);
