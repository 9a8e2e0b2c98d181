import { h } from "../../dom/h";
import type { BackendReport } from "../../lab/backends";
import type { SpeedPoint } from "../../lab/speed";

/** Saves the measurements as a file, with what is known of where they were made. */
export function exportResults(points: readonly SpeedPoint[], backends: readonly BackendReport[]): void {
  const results = {
    what: "dropout (p = 0.5, float32, out of place) beside a copy of the same bytes; milliseconds per call, medians of 5",
    when: new Date().toISOString(),
    browser: navigator.userAgent,
    processors: navigator.hardwareConcurrency,
    crossOriginIsolated: globalThis.crossOriginIsolated,
    backends,
    points,
  };
  const url = URL.createObjectURL(new Blob([`${JSON.stringify(results, null, 2)}\n`], { type: "application/json" }));
  h("a", { href: url, download: "dropwise-speed.json" }).click();
  URL.revokeObjectURL(url);
}
