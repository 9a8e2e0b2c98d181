/** Worker threads, the same to their user in Node, Bun, Deno and browsers. */
import { WORKER } from "./generated/worker";
import type { Start } from "./protocol";

/** A worker, from the moment it is made. */
export interface WorkerThread {
  /** Settles once it waits for work, and rejects when it failed or ended before. */
  readonly ready: Promise<void>;
  end(): void;
}

/** How many threads this machine runs at once, as far as the runtime tells. */
export function processorCount(): number {
  const os = builtIn("node:os") as { availableParallelism?: () => number } | undefined;
  return os?.availableParallelism?.() ?? globalThis.navigator?.hardwareConcurrency ?? 1;
}

/** Whether memory can be shared with workers here; in a browser only on pages that are cross-origin isolated. */
export function canShareMemory(): boolean {
  if (typeof SharedArrayBuffer === "undefined" || (globalThis as { crossOriginIsolated?: boolean }).crossOriginIsolated === false)
    return false;
  return nodeWorker() !== undefined || typeof Worker === "function";
}

/** Starts a worker. It never keeps the process alive once it is ready. */
export function startWorker(start: Start): WorkerThread {
  const NodeWorker = nodeWorker();
  return NodeWorker === undefined ? startWebWorker(start) : startNodeWorker(NodeWorker, start);
}

// --- internal helpers ---

interface NodeWorkerThread {
  once(event: "message" | "messageerror" | "error" | "exit", run: (value: unknown) => void): void;
  postMessage(message: unknown): void;
  unref(): void;
  terminate(): Promise<number>;
}

type NodeWorkerClass = new (source: string, options: { eval: true; name: string }) => NodeWorkerThread;

/** A module of Node's, without an import that bundlers for browsers would stumble over. */
function builtIn(name: string): unknown {
  const { process } = globalThis as { process?: { getBuiltinModule?: (name: string) => unknown } };
  return process?.getBuiltinModule?.(name);
}

function nodeWorker(): NodeWorkerClass | undefined {
  return (builtIn("node:worker_threads") as { Worker?: NodeWorkerClass } | undefined)?.Worker;
}

function startNodeWorker(NodeWorker: NodeWorkerClass, start: Start): WorkerThread {
  const worker = new NodeWorker(WORKER, { eval: true, name: "dropwise" });
  const ready = new Promise<void>((resolve, reject) => {
    worker.once("error", reject);
    worker.once("messageerror", reject);
    // A script that was preloaded may end the thread; that is no error to Node, and nothing else follows.
    worker.once("exit", (code) => reject(endedEarly(`an exit with code ${code}`)));
    worker.once("message", () => {
      worker.unref(); // not before: until it is ready somebody is waiting for it
      resolve();
    });
    worker.postMessage(start);
  });
  return { ready, end: () => void worker.terminate() };
}

function startWebWorker(start: Start): WorkerThread {
  const url = URL.createObjectURL(new Blob([WORKER], { type: "text/javascript" }));
  const worker = new Worker(url, { type: "module", name: "dropwise" });
  const ready = new Promise<void>((resolve, reject) => {
    worker.onerror = (event) => reject(endedEarly(event.message ?? "an error"));
    worker.onmessageerror = () => reject(endedEarly("a message that could not be read"));
    worker.onmessage = () => resolve();
    worker.postMessage(start);
  });
  return { ready: ready.finally(() => URL.revokeObjectURL(url)), end: () => worker.terminate() };
}

function endedEarly(what: string): Error {
  return new Error(`wasm: expected a worker to start, got ${what}`);
}
