import type { WebGPUBackend } from "@dropwise/backend-webgpu";
import { type Backend, functional as F, Generator, ones, type Tensor, tidy } from "@dropwise/core";
import { BACKEND_NAMES, type BackendName, type Backends } from "./backends";

/** What dropout took for one length on one backend, and what copying the same bytes took. Milliseconds per call, medians. */
export interface SpeedPoint {
  readonly backend: BackendName;
  readonly n: number;
  readonly dropoutMs: number;
  readonly copyMs: number;
  /** Calls that were timed together, since one alone would be shorter than the clock can tell. */
  readonly calls: number;
}

/** A sample lasts at least this long: browsers round their clock to as much as 0.1 ms. */
const SAMPLE_MS = 10;

const SAMPLES = 5;

/** Code runs slowly at first, until the engine has compiled it well. */
const WARM_UP_MS = 50;

/**
 * Measures dropout (p = 0.5, float32) on every backend there is, for lengths that are powers of 4 from 2^10 to `2^largest`. `report` is called with
 * each point.
 */
export async function measureSpeed(
  backends: Backends,
  largest: number,
  report: (point: SpeedPoint, done: number, total: number) => unknown,
): Promise<void> {
  const names: BackendName[] = [];
  for (const name of BACKEND_NAMES) if ((await backends.report(name)).available) names.push(name);
  const lengths: number[] = [];
  for (let exponent = 10; exponent <= largest; exponent += 2) lengths.push(2 ** exponent);
  const total = names.length * lengths.length;
  let done = 0;
  for (const n of lengths) {
    for (const name of names) await report(await measure(name, await backends.open(name), n), ++done, total);
  }
}

// --- internal helpers ---

/** Runs something `times` times and resolves when it is done, on the device, too. */
type Work = (times: number) => Promise<void>;

async function measure(name: BackendName, backend: Backend, n: number): Promise<SpeedPoint> {
  const x = ones([n], { backend });
  const copy = name === "webgpu" ? deviceCopy((backend as WebGPUBackend).device, n) : hostCopy(backend, n);
  const dropout = dropoutOf(x);
  try {
    const dropoutCalls = await calibrate(dropout);
    // A GPU is handed as many copies at a time as dropouts, since waiting for the last costs the same.
    const copyCalls = name === "webgpu" ? dropoutCalls : await calibrate(copy.run);
    const dropoutTimes: number[] = [];
    const copyTimes: number[] = [];
    // In turns, so that whatever else the machine does falls on both.
    for (let sample = 0; sample < SAMPLES; sample++) {
      dropoutTimes.push((await time(dropout, dropoutCalls)) / dropoutCalls);
      copyTimes.push((await time(copy.run, copyCalls)) / copyCalls);
    }
    return { backend: name, n, dropoutMs: median(dropoutTimes), copyMs: median(copyTimes), calls: dropoutCalls };
  } finally {
    copy.release();
    x.dispose();
  }
}

function dropoutOf(x: Tensor): Work {
  const generator = new Generator(1);
  return async (times) => {
    const last = tidy(() => {
      let y = F.dropout(x, { p: 0.5, generator });
      for (let i = 1; i < times; i++) {
        y.dispose();
        y = F.dropout(x, { p: 0.5, generator });
      }
      return y;
    });
    // A GPU works on after the calls return; reading one element waits for it.
    if (!x.backend.info.hostVisible) {
      const first = last.slice(0, 0, 1);
      await first.data();
      first.dispose();
    }
    last.dispose();
  };
}

/** Copies inside the backend's own memory. */
function hostCopy(backend: Backend, n: number): { run: Work; release: () => void } {
  const storage = () => ({ handle: backend.allocate("float32", n), dtype: "float32" as const, length: n });
  const from = storage();
  const to = storage();
  return {
    run: async (times) => {
      const source = backend.view?.(from).subarray(0, n) as Float32Array;
      const target = backend.view?.(to) as Float32Array;
      for (let i = 0; i < times; i++) target.set(source);
    },
    release: () => {
      backend.release(from.handle);
      backend.release(to.handle);
    },
  };
}

/** Copies between two buffers on the device, by the device's own copy. */
function deviceCopy(device: GPUDevice, n: number): { run: Work; release: () => void } {
  const buffer = () => device.createBuffer({ size: 4 * n, usage: GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST });
  const from = buffer();
  const to = buffer();
  return {
    run: async (times) => {
      const encoder = device.createCommandEncoder();
      for (let i = 0; i < times; i++) encoder.copyBufferToBuffer(from, 0, to, 0, 4 * n);
      device.queue.submit([encoder.finish()]);
      await device.queue.onSubmittedWorkDone();
    },
    release: () => {
      from.destroy();
      to.destroy();
    },
  };
}

/** How many calls make a sample. Its own calls warm everything up. */
async function calibrate(work: Work): Promise<number> {
  const start = performance.now();
  for (let calls = 1; ; ) {
    if ((await time(work, calls)) < SAMPLE_MS) calls *= 4;
    else if (performance.now() - start >= WARM_UP_MS) return calls;
  }
}

async function time(work: Work, calls: number): Promise<number> {
  const start = performance.now();
  await work(calls);
  return performance.now() - start;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] as number;
}
