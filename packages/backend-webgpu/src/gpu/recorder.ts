import { BufferUsage } from "./flags";
import type { GpuMemory } from "./memory";
import type { Pipeline } from "./pipelines";
import type { GpuSession } from "./session";

/** A piece of memory, in bytes, as one binding of a kernel. */
export interface MemorySlice {
  readonly memory: GpuMemory;
  readonly offset: number;
  readonly size: number;
}

/** A kernel with what it works on. */
interface Dispatch {
  readonly pipeline: Pipeline;
  readonly slices: readonly MemorySlice[];
  readonly uniformOffset: number;
  readonly groups: readonly [x: number, y: number];
}

/** A copy between two buffers, in bytes. */
export interface BufferCopy {
  readonly from: GPUBuffer;
  readonly fromOffset: number;
  readonly to: GPUBuffer;
  readonly toOffset: number;
  readonly bytes: number;
}

/**
 * Collects commands and submits them in batches: at a read, when a batch is full, and at the end of the current microtask, so that a loop that
 * never reads does not pile them up.
 *
 * Kernel parameters lie in one uniform buffer, written anew for each batch. A write to the queue overtakes what is only recorded, but
 * comes after all that is submitted: so the parameters of a batch are written just before it is submitted, and are never changed under one.
 */
export class Recorder {
  readonly #session: GpuSession;
  readonly #uniforms: GPUBuffer;
  readonly #words = new Uint32Array(UNIFORM_BYTES / 4);
  readonly #slotBytes: number;
  #usedBytes = 0;
  #commands: (Dispatch | BufferCopy)[] = [];
  #afterFlush: (() => void)[] = [];
  /** Counts up; a command belongs to the batch that is current when it is recorded. */
  #batch = 1;
  #submissions = 0;
  #dispatches = 0;
  #bindGroups = 0;
  /** For benchmarks: each compute pass writes these timestamps. */
  timestamps: GPUComputePassTimestampWrites | undefined;

  constructor(
    session: GpuSession,
    readonly bufferOf: (memory: GpuMemory) => GPUBuffer,
    readonly onManyBindGroups: () => void,
  ) {
    this.#session = session;
    const { device } = session;
    this.#slotBytes = device.limits.minUniformBufferOffsetAlignment;
    const usage = BufferUsage.UNIFORM | BufferUsage.COPY_DST;
    this.#uniforms = session.guard(() => device.createBuffer({ size: UNIFORM_BYTES, usage }), UNIFORM_BYTES);
  }

  get submissions(): number {
    return this.#submissions;
  }

  get dispatches(): number {
    return this.#dispatches;
  }

  /** True while a recorded command that is not submitted yet uses the memory. */
  isPending(memory: GpuMemory): boolean {
    return memory.batch === this.#batch && this.#commands.length > 0;
  }

  /** Records a kernel; `params` are the 32-bit words of its `Params`. */
  dispatch(pipeline: Pipeline, slices: readonly MemorySlice[], params: readonly number[], groups: readonly [x: number, y: number]): void {
    if (this.#session.isRehearsal) return;
    const bytes = Math.ceil(pipeline.uniformBytes / this.#slotBytes) * this.#slotBytes;
    if (this.#usedBytes + bytes > UNIFORM_BYTES || this.#commands.length >= MAX_COMMANDS) this.flush();
    const uniformOffset = this.#usedBytes;
    this.#words.set(params, uniformOffset / 4);
    this.#usedBytes += bytes;
    for (const { memory } of slices) memory.batch = this.#batch;
    this.#dispatches++;
    this.#record({ pipeline, slices, uniformOffset, groups });
  }

  /** Records a copy; `memories` are those it touches. */
  copy(copy: BufferCopy, memories: readonly GpuMemory[]): void {
    if (this.#session.isRehearsal) return;
    for (const memory of memories) memory.batch = this.#batch;
    this.#record(copy);
  }

  /** Runs `action` once the commands of `batch` are submitted: now, if they are. */
  afterFlush(batch: number, action: () => void): void {
    if (batch === this.#batch && this.#commands.length > 0) this.#afterFlush.push(action);
    else action();
  }

  /** Submits what is recorded; does not wait. */
  flush(): void {
    const commands = this.#commands;
    const actions = this.#afterFlush;
    if (commands.length === 0) return;
    this.#commands = [];
    this.#afterFlush = [];
    this.#batch++;
    const usedBytes = this.#usedBytes;
    this.#usedBytes = 0;
    if (this.#session.alive) {
      this.#session.guard(() => this.#submit(commands, usedBytes));
      this.#submissions++;
    }
    for (const action of actions) action();
  }

  dispose(): void {
    this.#commands = [];
    for (const action of this.#afterFlush) action();
    this.#afterFlush = [];
    this.#uniforms.destroy();
  }

  #record(command: Dispatch | BufferCopy): void {
    this.#commands.push(command);
    if (this.#commands.length > 1) return;
    const batch = this.#batch;
    queueMicrotask(() => {
      if (this.#batch === batch) this.flush();
    });
  }

  #submit(commands: readonly (Dispatch | BufferCopy)[], usedBytes: number): void {
    const { device } = this.#session;
    if (usedBytes > 0) device.queue.writeBuffer(this.#uniforms, 0, this.#words, 0, usedBytes / 4);
    const encoder = device.createCommandEncoder();
    let pass: GPUComputePassEncoder | null = null;
    for (const command of commands) {
      if ("bytes" in command) {
        pass?.end();
        pass = null;
        encoder.copyBufferToBuffer(command.from, command.fromOffset, command.to, command.toOffset, command.bytes);
      } else {
        pass ??= encoder.beginComputePass(this.timestamps && { timestampWrites: this.timestamps });
        this.#encode(pass, command);
      }
    }
    pass?.end();
    device.queue.submit([encoder.finish()]);
  }

  #encode(pass: GPUComputePassEncoder, { pipeline, slices, uniformOffset, groups }: Dispatch): void {
    pass.setPipeline(pipeline.pipeline as GPUComputePipeline);
    pass.setBindGroup(0, this.#bindGroup(pipeline, slices), [uniformOffset]);
    pass.dispatchWorkgroups(groups[0], groups[1]);
  }

  /** Bind groups cost more than the rest of a command, and a training step uses the same buffers as the one before. */
  #bindGroup(pipeline: Pipeline, slices: readonly MemorySlice[]): GPUBindGroup {
    let key = "";
    for (const { memory, offset } of slices) {
      this.bufferOf(memory); // may exchange a buffer, and with it the id
      key += `${memory.id}+${offset} `;
    }
    let group = pipeline.bindGroups.get(key);
    if (group === undefined) {
      // Those of released buffers are never asked for again, so all go from time to time.
      if (++this.#bindGroups > MAX_BIND_GROUPS) {
        this.onManyBindGroups();
        this.#bindGroups = 1;
      }
      const entries: GPUBindGroupEntry[] = [{ binding: 0, resource: { buffer: this.#uniforms, size: pipeline.uniformBytes } }];
      slices.forEach(({ memory, offset, size }, i) => {
        entries.push({ binding: i + 1, resource: { buffer: memory.buffer, offset, size } });
      });
      group = this.#session.device.createBindGroup({ layout: pipeline.layout, entries });
      pipeline.bindGroups.set(key, group);
    }
    return group;
  }
}

/** Parameters of one batch, at 256 bytes for most kernels. */
const UNIFORM_BYTES = 2 ** 17;

/** Bind groups that are kept. */
const MAX_BIND_GROUPS = 2048;

/** A batch is submitted when it has this many commands; a training step of a small model has about a hundred. */
const MAX_COMMANDS = 512;
