import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { arch, availableParallelism, cpus, platform, release, totalmem } from "node:os";

/** What a figure was measured on. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly system: string;
  /** Running programs per core at the start, where the system tells: above 1, others disturbed the run. */
  readonly load: number | null;
}

export function thisMachine(): Machine {
  const cores = availableParallelism();
  return {
    cpu: cpuName(),
    cores,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    system: `${platform()} ${release()} ${arch()}`,
    load: loadPerCore(cores),
  };
}

/** Versions of Node, V8 and the packages measured. */
export function versions(packages: readonly string[]): Record<string, string> {
  const found: Record<string, string> = { node: process.versions.node, v8: process.versions.v8 };
  const require = createRequire(import.meta.url);
  for (const name of packages) {
    try {
      found[name] = (require(`${name}/package.json`) as { version: string }).version;
    } catch {
      // Not installed: it is among the missing.
    }
  }
  return found;
}

// --- internal helpers ---

/** "AMD EPYC" says little: the family and model tell one generation from another. */
function cpuName(): string {
  const name = (cpus()[0]?.model ?? "unknown").trim();
  try {
    const info = readFileSync("/proc/cpuinfo", "utf8");
    const field = (label: string) => new RegExp(`^${label}\\s*:\\s*(\\d+)$`, "m").exec(info)?.[1];
    const [family, model] = [field("cpu family"), field("model")];
    return family === undefined || model === undefined ? name : `${name} (family ${family}, model ${model})`;
  } catch {
    return name; // not Linux
  }
}

function loadPerCore(cores: number): number | null {
  try {
    const [load] = readFileSync("/proc/loadavg", "utf8").split(" ");
    return Math.round((100 * Number(load)) / cores) / 100;
  } catch {
    return null;
  }
}
