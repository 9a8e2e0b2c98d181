import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { BackendName } from "../cases/backends";

/** The peak memory of forward and backward, in tensors of the size of the input. */
export interface MemoryResult {
  readonly competitor: string;
  readonly size: string;
  readonly elements: number;
  /** `F.dropout(x).sum().backward()`: x, y and x's gradient make 3; the gradient of a sum is one number. */
  readonly sum: number;
  /** With an incoming gradient that the caller holds: 4. */
  readonly gradient: number;
}

/** Backends whose tensors are memory of the process; a device's memory is not seen from here. */
export const MEMORY_BACKENDS: readonly BackendName[] = ["cpu", "wasm", "native"];

const start = promisify(execFile);

/** Measures one backend. Rejects when a process ends with an error. */
export async function measureMemory(name: BackendName, elements: number, size: string): Promise<MemoryResult> {
  const program = fileURLToPath(new URL("./peak.js", import.meta.url));
  const tensors = async (kind: "sum" | "gradient"): Promise<number> => {
    const { stdout } = await start(process.execPath, [program, name, "1", String(elements), kind]);
    return (JSON.parse(stdout) as { bytes: number }).bytes / (4 * elements);
  };
  return { competitor: name, size, elements, sum: await tensors("sum"), gradient: await tensors("gradient") };
}
