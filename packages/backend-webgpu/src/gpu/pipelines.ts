import { SHADER_STAGE_COMPUTE } from "./flags";
import type { GpuSession } from "./session";

/** A kernel. */
export interface Pipeline {
  /** Null while it is compiled ahead of its first use. */
  pipeline: GPUComputePipeline | null;
  readonly layout: GPUBindGroupLayout;
  /** Bytes of its `Params`. */
  readonly uniformBytes: number;
  /** Bind groups made for it, by what they bind. */
  readonly bindGroups: Map<string, GPUBindGroup>;
}

/** Compiles each kernel once and keeps it. */
export class Pipelines {
  readonly #session: GpuSession;
  readonly #pipelines = new Map<string, Pipeline>();
  readonly #layouts = new Map<string, GPUBindGroupLayout>();
  /** What compiles ahead of its first use. */
  #ahead: Promise<void>[] = [];

  constructor(session: GpuSession) {
    this.#session = session;
  }

  /** Number of kernels compiled so far. */
  get size(): number {
    return this.#pipelines.size;
  }

  /** The kernel named `key`, compiled from `code()` if it is new; `accesses` has an `r` or `w` for each buffer, in order. Errors in it come out of the next awaited call. */
  get(key: string, accesses: string, uniformBytes: number, code: () => string): Pipeline {
    const known = this.#pipelines.get(key);
    // One that is wanted before it is ready is compiled on the spot.
    if (known?.pipeline || (known && this.#session.isRehearsal)) return known;
    const { device, isRehearsal } = this.#session;
    const made = this.#session.guard(() => {
      const layout = this.#layout(accesses);
      const descriptor = {
        label: key,
        layout: device.createPipelineLayout({ bindGroupLayouts: [layout] }),
        compute: { module: device.createShaderModule({ label: key, code: code() }), entryPoint: "main" },
      };
      const kernel: Pipeline = { pipeline: null, layout, uniformBytes, bindGroups: new Map() };
      if (isRehearsal) this.#ahead.push(this.#compileAhead(kernel, descriptor));
      else kernel.pipeline = device.createComputePipeline(descriptor);
      return kernel;
    });
    this.#pipelines.set(key, made);
    return made;
  }

  /** Resolves when all that was asked for ahead of its first use is compiled, or failed to be: the error comes from its first use. */
  async ready(): Promise<void> {
    const ahead = this.#ahead;
    this.#ahead = [];
    await Promise.all(ahead);
  }

  /** Lets go of all bind groups. */
  clearBindGroups(): void {
    for (const { bindGroups } of this.#pipelines.values()) bindGroups.clear();
  }

  /** Where this fails, the kernel stays as it is, to be compiled by its first use. */
  #compileAhead(kernel: Pipeline, descriptor: GPUComputePipelineDescriptor): Promise<void> {
    return this.#session.device.createComputePipelineAsync(descriptor).then(
      (pipeline) => {
        kernel.pipeline = pipeline;
      },
      () => {},
    );
  }

  #layout(accesses: string): GPUBindGroupLayout {
    let layout = this.#layouts.get(accesses);
    if (layout === undefined) {
      const entries: GPUBindGroupLayoutEntry[] = [
        { binding: 0, visibility: SHADER_STAGE_COMPUTE, buffer: { type: "uniform", hasDynamicOffset: true } },
      ];
      [...accesses].forEach((access, i) => {
        const type = access === "w" ? "storage" : "read-only-storage";
        entries.push({ binding: i + 1, visibility: SHADER_STAGE_COMPUTE, buffer: { type } });
      });
      layout = this.#session.device.createBindGroupLayout({ entries });
      this.#layouts.set(accesses, layout);
    }
    return layout;
  }
}
