/** Times dropout against a plain copy on one device; `dropout.mjs` bundles and runs it. */
import { type DropoutSpec, scaleOf, thresholdOf } from "@dropwise/core/backend";
import { open } from "../src/create";
import type { Gpu } from "../src/gpu/gpu";
import { dropout } from "../src/kernels/dropout";
import { type GpuOperand, run } from "../src/kernels/kernel";
import { fill } from "../src/kernels/movement";
import copySource from "./copy.wgsl";

/** Milliseconds of one kernel on data of `elements`, over several runs. */
export interface Timing {
  readonly kernel: string;
  readonly elements: number;
  readonly milliseconds: readonly number[];
}

export interface Measurement {
  readonly device: string;
  readonly software: boolean;
  /** Whether the device's own clock was read, or the host's around a submission. */
  readonly clock: "timestamp-query" | "host";
  /** Kernels in a row that were timed as one. */
  readonly repeats: number;
  readonly timings: readonly Timing[];
}

/** Runs the kernels in turn, `runs` times each, after one round that is not counted. */
export async function measure(gpuEntry: GPU, elements: number, runs: number): Promise<Measurement> {
  const adapter = await gpuEntry.requestAdapter();
  if (adapter === null) throw new Error("bench: expected an adapter, got none - see the README for one in software");
  const timestamps = adapter.features.has("timestamp-query");
  const { maxBufferSize, maxStorageBufferBindingSize } = adapter.limits;
  const device = await adapter.requestDevice({
    requiredFeatures: timestamps ? ["timestamp-query"] : [],
    requiredLimits: { maxBufferSize, maxStorageBufferBindingSize },
  });
  const { backend, gpu } = await open({ gpu: gpuEntry, device });
  const x = operand(gpu, elements);
  const out = operand(gpu, elements);
  fill(gpu, x, 1);
  const spec = plain(elements);
  const kernels: Record<string, () => void> = {
    copy: () => copy(gpu, x, out),
    dropout: () => dropout(gpu, spec, x, out),
    "dropout in place": () => dropout(gpu, spec, x, x),
    "dropout of one value": () => dropout(gpu, spec, { ...x, strides: [0] }, out),
  };
  const clock = timestamps ? deviceClock(gpu) : hostClock(gpu);
  const repeats = await repeatsFor(clock, kernels.copy as () => void);
  const times = new Map(Object.keys(kernels).map((name) => [name, [] as number[]]));
  for (let round = 0; round <= runs; round++) {
    for (const [name, kernel] of Object.entries(kernels)) {
      const time = await clock(kernel, repeats);
      if (round > 0) times.get(name)?.push(time / repeats);
    }
  }
  const info = device.adapterInfo;
  backend.dispose();
  return {
    device: backend.info.device,
    software: info.isFallbackAdapter,
    clock: timestamps ? "timestamp-query" : "host",
    repeats,
    timings: [...times].map(([kernel, milliseconds]) => ({ kernel, elements, milliseconds })),
  };
}

// --- internal helpers ---

function operand(gpu: Gpu, length: number): GpuOperand {
  const handle = gpu.allocator.allocate("float32", length);
  return { storage: { handle, dtype: "float32", length }, shape: [length], strides: [1], offset: 0 };
}

function plain(n: number): DropoutSpec {
  const affine = { threshold: thresholdOf(0.5), keepScale: scaleOf(0.5), keepShift: 0, dropValue: 0 };
  return { seedLo: 1, seedHi: 2, callLo: 3, callHi: 0, elementOffset: 0, ...affine, shape: [n], maskStrides: [1] };
}

function copy(gpu: Gpu, x: GpuOperand, out: GpuOperand): void {
  const blocks = x.storage.length / 4;
  run(gpu, {
    key: "bench copy",
    source: [copySource],
    defines: () => "",
    bindings: [
      { name: "x", memory: x.storage.handle, type: "vec4<f32>" },
      { name: "out", memory: out.storage.handle, type: "vec4<f32>", write: true },
    ],
    params: [blocks],
    threads: blocks,
  });
}

/** The milliseconds of a kernel called `repeats` times. */
type Clock = (kernel: () => void, repeats: number) => Promise<number>;

/** A clock may tick every 65 microseconds only, on purpose, and a kernel takes a few on a fast GPU: so many are timed together that a tick is no matter. */
const ENOUGH_MS = 5;
/** What fits one batch of the recorder, and so one compute pass. */
const MAX_REPEATS = 400;

async function repeatsFor(clock: Clock, kernel: () => void): Promise<number> {
  let repeats = 1;
  await clock(kernel, repeats); // compiles it
  while (repeats < MAX_REPEATS && (await clock(kernel, repeats)) < ENOUGH_MS) repeats = Math.min(2 * repeats, MAX_REPEATS);
  return repeats;
}

/** The host's clock, from submission to the end of all work. */
function hostClock({ recorder, session }: Gpu): Clock {
  const { queue } = session.device;
  return async (kernel, repeats) => {
    recorder.flush();
    await queue.onSubmittedWorkDone();
    for (let i = 0; i < repeats; i++) kernel();
    const start = performance.now();
    recorder.flush();
    await queue.onSubmittedWorkDone();
    return performance.now() - start;
  };
}

/** The device's clock, at the beginning and the end of the compute pass. */
function deviceClock({ recorder, session }: Gpu): Clock {
  const { device } = session;
  const querySet = device.createQuerySet({ type: "timestamp", count: 2 });
  const resolved = device.createBuffer({ size: 16, usage: 0x200 | 0x4 }); // QUERY_RESOLVE, COPY_SRC
  const readable = device.createBuffer({ size: 16, usage: 0x1 | 0x8 }); // MAP_READ, COPY_DST
  recorder.timestamps = { querySet, beginningOfPassWriteIndex: 0, endOfPassWriteIndex: 1 };
  return async (kernel, repeats) => {
    recorder.flush();
    for (let i = 0; i < repeats; i++) kernel();
    recorder.flush();
    const encoder = device.createCommandEncoder();
    encoder.resolveQuerySet(querySet, 0, 2, resolved, 0);
    encoder.copyBufferToBuffer(resolved, 0, readable, 0, 16);
    device.queue.submit([encoder.finish()]);
    await readable.mapAsync(0x1);
    const [start, end] = new BigUint64Array(readable.getMappedRange().slice(0));
    readable.unmap();
    return Number((end as bigint) - (start as bigint)) / 1e6;
  };
}
