/** Worker threads, the same to their user in Node, Bun, Deno and browsers. */
import { WORKER } from "./generated/worker";
import type { Start } from "./protocol";

/** A running worker. */
export interface WorkerThread {
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

/** Starts a worker and resolves once it waits for work. It never keeps the process alive. */
export function startWorker(start: Start): Promise<WorkerThread> {
  const NodeWorker = nodeWorker();
  return NodeWorker === undefined ? startWebWorker(start) : startNodeWorker(NodeWorker, start);
}

// --- internal helpers ---

interface NodeWorkerThread {
  once(event: "message" | "error", run: (value: unknown) => void): void;
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

function startNodeWorker(NodeWorker: NodeWorkerClass, start: Start): Promise<WorkerThread> {
  const worker = new NodeWorker(WORKER, { eval: true, name: "dropwise" });
  return new Promise((resolve, reject) => {
    worker.once("error", reject);
    worker.once("message", () => {
      worker.unref(); // not before: until it is ready somebody is waiting for it
      resolve({ end: () => void worker.terminate() });
    });
    worker.postMessage(start);
  });
}

function startWebWorker(start: Start): Promise<WorkerThread> {
  const url = URL.createObjectURL(new Blob([WORKER], { type: "text/javascript" }));
  const worker = new Worker(url, { type: "module", name: "dropwise" });
  return new Promise<WorkerThread>((resolve, reject) => {
    worker.onerror = (event) => {
      worker.terminate();
      reject(new Error(`wasm: expected a worker to start, got "${event.message ?? "an error"}"`));
    };
    worker.onmessage = () => resolve({ end: () => worker.terminate() });
    worker.postMessage(start);
  }).finally(() => URL.revokeObjectURL(url));
}
