import { type BundleSize, measureBundles } from "./bundles/bundles";
import { type BackendName, openBackends } from "./cases/backends";
import { type Competitor, type HostData, hostCopy, hostData } from "./competitor";
import { type Effort, type Entry, FULL, METHOD, measureGroup, QUICK, SMOKE } from "./measure/method";
import { MEMORY_BACKENDS, type MemoryResult, measureMemory } from "./memory/memory";
import type { BenchOptions } from "./options";
import { openPeers } from "./peers/peers";
import { createProgress } from "./progress";
import { thisMachine, versions } from "./report/machine";
import { digits } from "./report/numbers";
import type { Figure, Findings, Skipped } from "./report/result";
import { bundleTable, figureTable, memoryTable, ratioTable } from "./report/table";
import { formatSize, inUnit, type Task, type TimedOp, tasksFor, UNITS } from "./task";

/** Elements of the tensors whose peak memory is measured: large enough that everything else does not show. */
const MEMORY_SIZE = { full: 2 ** 26, quick: 2 ** 24, smoke: 2 ** 22 };

/** Measures what the options ask for, prints a table after each op, and returns all of it. */
export async function runBench(options: BenchOptions, print: (text: string) => void): Promise<Findings> {
  const kind = options.smoke ? "smoke" : options.quick ? "quick" : "full";
  const effort = { full: FULL, quick: QUICK, smoke: SMOKE }[kind];
  const machine = thisMachine();
  const tasks = tasksFor({ ops: options.ops, sizes: options.sizes, quick: options.quick });
  const own = await openBackends(options.backends, options.threads);
  const others = options.peers ? await openPeers() : { competitors: [], missing: [] };
  const competitors = [...own.competitors, ...others.competitors];
  const missing = [...own.missing, ...others.missing];

  print(`${machine.cpu}, ${machine.cores} cores, ${machine.memoryGiB} GiB, ${machine.system}, Node ${process.versions.node}`);
  for (const { name, threads, device } of competitors) print(`  ${name}: ${device}${threads > 1 ? `, ${threads} threads` : ""}`);
  for (const { name, reason } of missing) print(`  ${name} is left out: ${reason}`);
  if (machine.load !== null && machine.load > 0.5) {
    print(`  Other programs are running (load ${digits(machine.load)} per core): trust ratios within a round, not times.`);
  }

  const memoryBackends = options.ops.includes("memory")
    ? MEMORY_BACKENDS.filter((name) => competitors.some((competitor) => competitor.name === name))
    : [];
  const asksForBundles = options.ops.includes("bundle-size");
  const progress = createProgress(process.stderr, tasks.length + memoryBackends.length + Number(asksForBundles));
  const data = hostData(Math.max(2 ** 20, ...tasks.map((task) => task.copied)));
  const figures: Figure[] = [];
  const skipped: Skipped[] = [];
  const memory: MemoryResult[] = [];
  const bundles: BundleSize[] = [];
  try {
    for (const [group, task] of tasks.entries()) {
      const label = `${task.op} ${task.size}`;
      progress.at(group, 0, label);
      const found = await measureTask(
        task,
        "source" in task || "way" in task ? own.competitors : competitors,
        data,
        effortFor(task, effort),
        (share) => progress.at(group, share, label),
      );
      figures.push(...found.figures);
      skipped.push(...found.skipped);
      if (tasks[group + 1]?.op !== task.op) {
        print(
          figureTable(
            task.op,
            figures.filter(({ op }) => op === task.op),
          ),
        );
        for (const { name, size, reason } of skipped.filter(({ op }) => op === task.op)) print(`  ${name} without ${size}: ${reason}`);
      }
    }
    const elements = MEMORY_SIZE[kind];
    for (const [i, name] of memoryBackends.entries()) {
      progress.at(tasks.length + i, 0, `memory ${name}`);
      await guarded(skipped, { name, op: "memory", size: formatSize(elements) }, async () => {
        memory.push(await measureMemory(name as BackendName, elements, formatSize(elements)));
      });
    }
    if (memory.length > 0) print(memoryTable(memory));
    if (asksForBundles) {
      progress.at(tasks.length + memoryBackends.length, 0, "bundle-size");
      await guarded(
        skipped,
        { name: "all", op: "bundle-size", size: "imports" },
        async () => void bundles.push(...(await measureBundles())),
      );
    }
    if (bundles.length > 0) print(bundleTable(bundles));
    const ratios = ratioTable(figures);
    if (ratios !== "") print(ratios);
  } finally {
    progress.done();
    for (const competitor of competitors) await competitor.close();
  }
  const packages = ["core", "backend-wasm", "backend-native", "backend-webgpu"].map((name) => `@dropwise/${name}`);
  return {
    date: new Date().toISOString(),
    effort: kind,
    machine,
    versions: versions(packages),
    method: METHOD,
    participants: competitors.map(({ name, threads, device, notes }) => ({ name, threads, device, ...(notes !== undefined && { notes }) })),
    missing,
    skipped,
    figures,
    memory,
    bundles,
  };
}

// --- internal helpers ---

/** Training leaves garbage behind: a turn is long enough that collecting it is part of every one, and optimised code takes longer to come. */
function effortFor(task: Task, effort: Effort): Effort {
  return "layers" in task || "source" in task || "way" in task || "model" in task
    ? { ...effort, turn: 10 * effort.turn, warmup: 15 * effort.warmup }
    : effort;
}

async function measureTask(
  task: Task,
  competitors: readonly Competitor[],
  data: HostData,
  effort: Effort,
  onRound: (share: number) => void,
): Promise<{ figures: Figure[]; skipped: Skipped[] }> {
  const op: TimedOp = task.op;
  const skipped: Skipped[] = [];
  const entries: Entry[] = [];
  const copy = hostCopy(task.copied, data);
  for (const competitor of competitors) {
    await guarded(skipped, { name: competitor.name, op, size: task.size }, async () => {
      const job = await competitor.entry(task, data);
      if (job !== null) entries.push({ competitor: competitor.name, ...job, copy: job.copy ?? copy });
    });
  }
  const { measured, refused } = await measureGroup(entries, effort, onRound);
  skipped.push(...refused.map(({ competitor, reason }) => ({ name: competitor, op, size: task.size, reason })));
  const figures = measured.map((entry): Figure => {
    const elements = "elements" in task ? { elements: task.elements } : {};
    return { op, size: task.size, ...elements, value: inUnit(task, entry.median), unit: UNITS[op].unit, ...entry };
  });
  return { figures, skipped };
}

/** One competitor that fails is reported; the others go on. */
async function guarded(skipped: Skipped[], what: Omit<Skipped, "reason">, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    skipped.push({ ...what, reason: (error instanceof Error ? error.message : String(error)).split("\n", 1)[0] as string });
  }
}
