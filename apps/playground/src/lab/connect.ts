import { type Remote, wrap } from "comlink";
import type { Lab } from "./lab";

/** A worker of its own, as the page sees it: every call gives a promise. */
export type RemoteLab = Remote<Lab>;

/** Starts a worker. */
export function startLab(): RemoteLab {
  return wrap<Lab>(new Worker(new URL("./lab.worker.ts", import.meta.url), { type: "module" }));
}
