import type { Entry } from "./recorder";

/**
 * Entries in Chrome's Trace Event Format, as JSON: https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU. Each call is a complete
 * event ("X"). Functions that gave a promise may overlap, which events of one thread must not: they are pairs of nestable asynchronous events ("b", "e").
 */
export function chromeTrace(entries: readonly Entry[]): string {
  const named = (name: string, value: string) => ({ ph: "M", name, ts: 0, pid: PROCESS, tid: THREAD, args: { name: value } });
  const traceEvents = [named("process_name", "dropwise"), named("thread_name", "host"), ...inOrder(entries).flatMap(eventsOf)];
  return JSON.stringify({ displayTimeUnit: "ms", traceEvents });
}

// --- internal helpers ---

const PROCESS = 1;
const THREAD = 1;

/** By begin, the outer of two that begin together first: a coarse clock gives many the same times, and they are taken down when they end. */
function inOrder(entries: readonly Entry[]): readonly Entry[] {
  return [...entries].reverse().sort((a, b) => a.start - b.start || b.duration - a.duration);
}

function eventsOf({ kind, name, backend, start, duration, traffic, track }: Entry): object[] {
  // Microseconds, to the nanosecond.
  const micros = (ms: number) => Math.round(ms * 1e6) / 1e3;
  const ts = micros(start);
  const end = micros(start + duration);
  const common = { name, cat: kind, pid: PROCESS, tid: THREAD };
  if (track > 0) {
    const id = String(track);
    return [
      { ...common, ph: "b", id, ts },
      { ...common, ph: "e", id, ts: end },
    ];
  }
  const args = { ...(backend !== null && { backend }), ...(kind === "op" && { bytes: traffic.bytes, shapes: traffic.shapes }) };
  return [{ ...common, ph: "X", ts, dur: Math.round((end - ts) * 1e3) / 1e3, args }];
}
