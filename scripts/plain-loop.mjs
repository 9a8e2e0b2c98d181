/**
 * Whether a loop that forgets `tidy` stays small: the peak memory of loops that await a value of each step, each in a process of its own, with and
 * without `tidy`, on every backend that is there; and how long a timer had to wait.
 *
 *     npm run build && node scripts/plain-loop.mjs [--steps 2000]
 */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

/** MiB that a loop without `tidy` may take beyond the same with it. */
const BOUNDS = { small: 100, large: 512 };

const { values, positionals } = parseArgs({ options: { steps: { type: "string", default: "2000" } }, allowPositionals: true });
const steps = Number(values.steps);

if (positionals.length > 0) await measure(/** @type {[string, string, string]} */ (positionals));
else {
  for (const backend of ["cpu", "wasm", "native", "webgpu"]) {
    for (const [size, bound] of Object.entries(BOUNDS)) {
      const tidied = inProcess(backend, size, "tidy");
      const plain = inProcess(backend, size, "plain");
      if (tidied === null || plain === null) {
        console.log(`${backend.padEnd(7)} is not there`);
        break;
      }
      const more = plain.peak - tidied.peak;
      const verdict = more <= bound ? "ok    " : "FAILED";
      console.log(
        `${verdict} ${backend.padEnd(7)} ${size.padEnd(6)} peak ${plain.peak} MiB, with tidy ${tidied.peak}: ${more} more, at most ${bound}; a 10 ms timer waited at most ${plain.wait} ms`,
      );
      if (more > bound) process.exitCode = 1;
    }
  }
}

/**
 * One loop in a process of its own; null where the backend is not there.
 *
 * @param {string} backend
 * @param {string} size
 * @param {string} way
 * @returns {{ peak: number, wait: number } | null}
 */
function inProcess(backend, size, way) {
  const file = fileURLToPath(import.meta.url);
  const { stdout } = spawnSync(process.execPath, [file, "--steps", String(steps), backend, size, way], { encoding: "utf8" });
  try {
    return JSON.parse(stdout.trim().split("\n").at(-1) ?? "");
  } catch {
    return null;
  }
}

/**
 * The loop itself; prints what it took.
 *
 * @param {[name: string, size: string, way: string]} what
 */
async function measure([name, size, way]) {
  const { functional: F, manualSeed, memory, nn, ones, optim, randn, tidy, zeros } = await import("@dropwise/core");
  const backend = await backendOf(name);
  manualSeed(1);
  let wait = 0;
  let last = performance.now();
  const timer = setInterval(() => {
    wait = Math.max(wait, performance.now() - last);
    last = performance.now();
  }, 10);
  const step = size === "small" ? training() : movingMemory();
  let live = 0;
  for (let i = 0; i < steps; i++) {
    const loss = way === "tidy" ? tidy(step) : step();
    await loss.item();
    if (way === "tidy") loss.dispose();
    live = Math.max(live, memory(backend).bytes);
  }
  clearInterval(timer);
  // A GPU's memory is no part of the process: there, what is live counts.
  const peak = backend.info.hostVisible ? process.resourceUsage().maxRSS / 1024 : live / 2 ** 20;
  console.log(JSON.stringify({ peak: Math.round(peak), wait: Math.round(wait) }));
  process.exit(0);

  function training() {
    const model = new nn.Sequential(
      new nn.Linear(10, 20, { backend }),
      new nn.ReLU(),
      new nn.Dropout(0.5),
      new nn.Linear(20, 1, { backend }),
    );
    const optimizer = new optim.SGD(model.parameters(), { lr: 0.01 });
    const [x, y] = [randn([64, 10], { backend }), zeros([64, 1], { backend })];
    return () => {
      optimizer.zeroGrad();
      const loss = F.mseLoss(model.forward(x), y);
      loss.backward();
      optimizer.step();
      return loss.detach();
    };
  }

  function movingMemory() {
    const x = ones([(6 * 2 ** 20) / 4], { backend });
    return () => F.dropout(x, 0.5).mul(2).add(1).slice(0, 0, 1).sum();
  }
}

/** @param {string} name */
async function backendOf(name) {
  if (name === "wasm") return (await import("@dropwise/backend-wasm")).createWasmBackend();
  if (name === "native") return (await import("@dropwise/backend-native")).createNativeBackend();
  if (name === "webgpu") return (await import("@dropwise/backend-webgpu")).createWebGPUBackend();
  return (await import("@dropwise/core")).cpu;
}
