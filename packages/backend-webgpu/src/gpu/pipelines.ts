import { SHADER_STAGE_COMPUTE } from "./flags";
import type { GpuSession } from "./session";

/** A compiled kernel. */
export interface Pipeline {
  readonly pipeline: GPUComputePipeline;
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
    if (known !== undefined) return known;
    const { device } = this.#session;
    const made = this.#session.guard(() => {
      const layout = this.#layout(accesses);
      const pipeline = device.createComputePipeline({
        label: key,
        layout: device.createPipelineLayout({ bindGroupLayouts: [layout] }),
        compute: { module: device.createShaderModule({ label: key, code: code() }), entryPoint: "main" },
      });
      return { pipeline, layout, uniformBytes, bindGroups: new Map() };
    });
    this.#pipelines.set(key, made);
    return made;
  }

  /** Lets go of all bind groups. */
  clearBindGroups(): void {
    for (const { bindGroups } of this.#pipelines.values()) bindGroups.clear();
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
