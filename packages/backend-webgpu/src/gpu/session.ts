import { DeviceLostError, DisposedError, OutOfMemoryError } from "@dropwise/core/backend";

/** The backend's name in messages. */
export const NAME = "webgpu";

/**
 * A device and what has gone wrong with it. WebGPU reports errors late, or never to the caller: calls on a lost device look like success, and
 * what a command did wrong is told to an error scope afterwards. This class turns both into errors that are thrown: a lost
 * device at the next call of any kind, the rest at the next awaited one.
 */
export class GpuSession {
  #lost: DeviceLostError | null = null;
  /** True after `dispose`. */
  isDisposed = false;
  /** True while kernels are compiled for later, and nothing is allocated, recorded or computed. */
  isRehearsal = false;
  /** The first error since the last one that was thrown; those that follow are mostly its consequences. */
  #failure: Error | null = null;
  /** Settles when the outcome of every error scope so far is known. */
  #known: Promise<unknown> = Promise.resolve();
  /** Settles when the device is lost; never rejects. */
  readonly #loss: Promise<void>;

  /** The device's limits that kernels ask for, read once: each look at the device's own object is a call. */
  readonly limits: Readonly<Pick<GPUSupportedLimits, (typeof LIMITS)[number]>>;

  constructor(
    readonly device: GPUDevice,
    /** What the device depends on; without it Node's implementation frees the device under us. */
    readonly retained: readonly unknown[],
  ) {
    const { limits } = device;
    this.limits = Object.fromEntries(LIMITS.map((name) => [name, limits[name]])) as typeof this.limits;
    this.#loss = device.lost.then(({ reason, message }) => {
      this.#lost = new DeviceLostError(NAME, `${reason}: ${message}`);
    });
  }

  /** False once the device is lost or the backend disposed: then there is nothing to run or free. */
  get alive(): boolean {
    return this.#lost === null && !this.isDisposed;
  }

  /** Throws DisposedError or DeviceLostError where the device can no longer be used. */
  check(op: string): void {
    if (this.isDisposed) throw new DisposedError(op, "expected a live webgpu backend, got one that was disposed - create a new one");
    if (this.#lost !== null) throw this.#lost;
  }

  /** Runs `work`, whose errors come later: `failed` is told which memory could not be had, and `settled` throws it. `bytes` is what is asked for. */
  guard<T>(work: () => T, bytes = 0, failed?: () => void): T {
    const { device } = this;
    device.pushErrorScope("internal");
    device.pushErrorScope("validation");
    device.pushErrorScope("out-of-memory");
    let result: T;
    try {
      result = work();
    } finally {
      const outcomes = [device.popErrorScope(), device.popErrorScope(), device.popErrorScope()];
      this.#watch(outcomes, bytes, failed);
    }
    return result;
  }

  /** Waits until all that was guarded before is known to be right. Throws the first error there was, once. */
  async settled(op: string): Promise<void> {
    await this.#known;
    this.check(op);
    const failure = this.#failure;
    this.#failure = null;
    if (failure !== null) throw failure;
  }

  /** The error behind a rejected promise of the device: the loss, if that is what it was. The rejection may come before the news of the loss. */
  async explain(op: string, error: unknown): Promise<Error> {
    try {
      await Promise.race([this.#loss, new Promise<void>((resolve) => setTimeout(resolve, LOSS_NEWS_MS))]);
      await this.settled(op);
    } catch (known) {
      return known as Error;
    }
    return error as Error;
  }

  dispose(): void {
    this.isDisposed = true;
  }

  #watch(outcomes: readonly Promise<GPUError | null>[], bytes: number, failed: (() => void) | undefined): void {
    const watching = Promise.all(outcomes).then(
      ([outOfMemory, ...others]) => {
        const error = outOfMemory ?? others.find((other) => other !== null) ?? null;
        if (error === null) return;
        failed?.();
        this.#failure ??= outOfMemory ? new OutOfMemoryError(NAME, bytes) : new Error(`${NAME}: ${error.message}`);
      },
      () => {}, // the device is gone, which `lost` tells
    );
    this.#known = Promise.all([this.#known, watching]);
  }
}

const LIMITS = ["maxStorageBuffersPerShaderStage", "maxComputeWorkgroupsPerDimension", "maxComputeInvocationsPerWorkgroup"] as const;

/** How long to wait for the news that a device is lost after it refused something. It is there within milliseconds, or it is something else. */
const LOSS_NEWS_MS = 500;
