import { type Remote, wrap } from "comlink";
import type { Lab } from "./lab";

/** A worker's part of the page, as the page sees it: every call gives a promise. */
export type RemoteLab = Remote<Lab>;

/** A worker of its own, and its end: at once, whatever it is at. Its open calls are then never answered. */
export interface LabWorker {
  readonly lab: RemoteLab;
  end(): void;
}

/** Starts a worker. `onBroken` is called when its script cannot be loaded, or throws. */
export function startLab(onBroken: () => void): LabWorker {
  const worker = new Worker(new URL("./lab.worker.ts", import.meta.url), { type: "module" });
  worker.addEventListener("error", onBroken);
  return { lab: wrap<Lab>(worker), end: () => worker.terminate() };
}
