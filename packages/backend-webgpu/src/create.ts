import { type Backend, rehearse, withEpilogue } from "@dropwise/core/backend";
import { acquire, type WebGPUBackendOptions } from "./acquire";
import { createGpu, type Gpu } from "./gpu/gpu";
import type { GpuMemory } from "./gpu/memory";
import { GpuSession, NAME } from "./gpu/session";
import { activation, activationGrad } from "./kernels/activation";
import { attention, attentionGrad } from "./kernels/attention";
import { binary } from "./kernels/binary";
import { convolution, convolutionGradInput, convolutionGradWeight } from "./kernels/convolution";
import { dropout } from "./kernels/dropout";
import { linear, matmul } from "./kernels/matmul";
import { copy, fill, gather, scatterAdd } from "./kernels/movement";
import { normalize, normalizeGrad } from "./kernels/normalize";
import { optimizerStep } from "./kernels/optimizer";
import { pool, poolGrad } from "./kernels/pool";
import { reduce } from "./kernels/reduce";
import { softmax, softmaxGrad } from "./kernels/softmax";
import { unary } from "./kernels/unary";
import { fold, unfold } from "./kernels/unfold";
import { where } from "./kernels/where";

/** Counters of a backend, for tests and for tuning. */
export interface WebGPUStats {
  /** Batches of commands handed to the device so far. */
  readonly submissions: number;
  /** Kernels run so far. */
  readonly dispatches: number;
  /** Kernels compiled so far. */
  readonly pipelines: number;
  /** Device buffers that exist now: those that tensors use, pooled ones and scratch memory. */
  readonly buffers: number;
  /** Their bytes. */
  readonly bytes: number;
}

/** The WebGPU backend: the members of a `Backend` that do not need host-visible memory, and a look inside. Core composes the others. */
export interface WebGPUBackend extends Required<Omit<Backend<GpuMemory>, "view" | `lstm${"" | "Grad"}`>> {
  /** What the adapter says of itself: vendor, architecture, device, description. */
  readonly adapterInfo: GPUAdapterInfo;
  /** The device that everything runs on, to share it with other WebGPU code. */
  readonly device: GPUDevice;
  /** The counters as they are now. Does not wait for the device. */
  stats(): WebGPUStats;
  /**
   * Compiles the kernels that `fn` would run, side by side and without holding up the page, so that the first step is as fast as the others. `fn` runs once,
   * and computes nothing: tensors keep their values, and what core counts is as it was afterwards: generators, gradients, the steps of optimizers, of
   * learning-rate schedulers and of averages. What `fn` itself counts or disposes of is its own affair.
   *
   * @param fn A training step, say. Returns at once, and reads nothing.
   * @returns Resolves when all is compiled. Code that runs before is right, too, and compiles what it needs on the spot.
   * @throws (as a rejection) TypeError for an async function, DisposedError, DeviceLostError, and what `fn` throws.
   * @example
   * ```ts
   * const gpu = await createWebGPUBackend();
   * const model = await new nn.Linear(8, 2).to(gpu);
   * const optimizer = new optim.SGD(model.parameters());
   * const step = (x: Tensor) => {
   *   optimizer.zeroGrad();
   *   model.forward(x).sum().backward();
   *   optimizer.step();
   * };
   * await gpu.warmUp(() => step(ones([4, 8], { backend: gpu })));
   * console.log(gpu.stats().dispatches); // 0
   * ```
   */
  warmUp(fn: () => unknown): Promise<void>;
}

/** The backend, and the parts it is made of. */
export interface Opened {
  readonly backend: WebGPUBackend;
  readonly gpu: Gpu;
}

/** What `createWebGPUBackend` does; benchmarks use the parts, too, and tests small bindings. */
export async function open(options: WebGPUBackendOptions, windowBytes?: number): Promise<Opened> {
  const { device, info, owned, retained } = await acquire(options);
  const session = new GpuSession(device, retained);
  const gpu = createGpu(session, windowBytes);
  const { allocator, recorder, transfer, pipelines } = gpu;

  /** A kernel as a member of the backend: refuses to run on a dead device. */
  const member =
    <Args extends unknown[]>(name: string, kernel: (gpu: Gpu, ...args: Args) => void) =>
    (...args: Args): void => {
      session.check(name);
      try {
        kernel(gpu, ...args);
      } catch (error) {
        allocator.reclaim();
        throw error;
      }
    };

  const backend: WebGPUBackend = {
    name: NAME,
    info: {
      contract: 2,
      hostVisible: false,
      dtypes: ["float32", "int32", "bool"],
      threads: 1,
      device: [info.vendor, info.architecture || info.device, info.description].filter(Boolean).join(" "),
      maxBufferBytes: allocator.maxBytes,
    },
    adapterInfo: info,
    device,
    stats: () => ({
      submissions: recorder.submissions,
      dispatches: recorder.dispatches,
      pipelines: pipelines.size,
      buffers: allocator.buffers,
      bytes: allocator.bytes,
    }),
    async warmUp(fn) {
      session.check("warmUp");
      if (session.isRehearsal) throw new TypeError("warmUp: expected not to be called inside warmUp - call it outside");
      session.isRehearsal = true;
      try {
        rehearse("warmUp", backend as Backend, fn);
      } finally {
        session.isRehearsal = false;
      }
      await pipelines.ready();
      await session.settled("warmUp");
    },
    allocate(dtype, length) {
      session.check("allocate");
      return allocator.allocate(dtype, length);
    },
    write(storage, data) {
      session.check("write");
      allocator.check("write", storage.handle);
      transfer.write(storage, data);
    },
    async read(storage, start, length) {
      session.check("read");
      allocator.check("read", storage.handle);
      return transfer.read(storage, start, length);
    },
    release: (memory) => allocator.release(memory),
    unary: member("unary", unary),
    binary: member("binary", binary),
    reduce: member("reduce", reduce),
    where: member("where", where),
    matmul: member("matmul", (g, a, b, out) => matmul(g, a, b, out)),
    copy: member("copy", copy),
    fill: member("fill", fill),
    gather: member("gather", gather),
    scatterAdd: member("scatterAdd", scatterAdd),
    dropout: member("dropout", dropout),
    unfold: member("unfold", unfold),
    fold: member("fold", fold),
    linear: withEpilogue(member("linear", linear), { unary: member("unary", unary), dropout: member("dropout", dropout) }),
    pool: member("pool", pool),
    poolGrad: member("poolGrad", poolGrad),
    softmax: member("softmax", softmax),
    softmaxGrad: member("softmaxGrad", softmaxGrad),
    attention: member("attention", attention),
    attentionGrad: member("attentionGrad", attentionGrad),
    convolution: member("convolution", convolution),
    convolutionGradInput: member("convolutionGradInput", convolutionGradInput),
    convolutionGradWeight: member("convolutionGradWeight", convolutionGradWeight),
    normalize: member("normalize", normalize),
    normalizeGrad: member("normalizeGrad", normalizeGrad),
    activation: member("activation", activation),
    activationGrad: member("activationGrad", activationGrad),
    optimizerStep: member("optimizerStep", optimizerStep),
    dispose() {
      if (!session.alive) {
        session.dispose();
        return;
      }
      session.dispose();
      recorder.dispose();
      transfer.dispose();
      allocator.dispose();
      if (owned) device.destroy();
    },
    get isDisposed() {
      return session.isDisposed;
    },
  };
  return { backend, gpu };
}
