/**
 * Prints, as JSON, the peak memory of one forward and backward pass of dropout in this process, above what the process had before it made
 * its input. Started anew for each figure, since a process's peak never falls. Arguments: backend, threads, elements, "sum" or "gradient".
 */
import { readFileSync } from "node:fs";
import { functional as F, ones, type Tensor } from "@dropwise/core";
import { type BackendName, openBackend } from "../cases/backends";
import { P } from "../task";

const [name, threads, count, kind] = process.argv.slice(2) as [BackendName, string, string, "sum" | "gradient"];
const elements = Number(count);
const backend = await openBackend(name, Number(threads));

// A small pass first: code and pools are there, and what is measured is the memory of tensors.
pass(1024);
const before = process.memoryUsage().rss;
pass(elements);
process.stdout.write(JSON.stringify({ bytes: peakBytes() - before }));
process.exit(0);

// --- internal helpers ---

/** The most memory that this process had. Linux lets `maxRSS` begin at what the parent had, so there its own count is read. */
function peakBytes(): number {
  try {
    const [, kilobytes] = /^VmHWM:\s*(\d+) kB$/m.exec(readFileSync("/proc/self/status", "utf8")) ?? [];
    if (kilobytes !== undefined) return Number(kilobytes) * 1024;
  } catch {
    // Not Linux.
  }
  return process.resourceUsage().maxRSS * 1024;
}

function pass(n: number): void {
  const x = ones([n], { backend, requiresGrad: true });
  const held: Tensor[] = [x];
  const y = F.dropout(x, { p: P });
  if (kind === "sum") y.sum().backward();
  else {
    const gradient = ones([n], { backend });
    held.push(gradient);
    y.backward(gradient);
  }
  for (const tensor of [...held, y]) tensor.dispose();
}
