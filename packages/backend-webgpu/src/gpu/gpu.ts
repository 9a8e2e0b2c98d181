import { GpuAllocator } from "./memory";
import { Pipelines } from "./pipelines";
import { Recorder } from "./recorder";
import type { GpuSession } from "./session";
import { Transfer } from "./transfer";

/** A device with all that serves it; one for each backend. */
export interface Gpu {
  readonly session: GpuSession;
  readonly allocator: GpuAllocator;
  readonly recorder: Recorder;
  readonly pipelines: Pipelines;
  readonly transfer: Transfer;
}

/** Puts the parts together. `windowBytes` makes bindings smaller than the device's limit, for tests. */
export function createGpu(session: GpuSession, windowBytes?: number): Gpu {
  const pipelines = new Pipelines(session);
  const recorder: Recorder = new Recorder(
    session,
    (memory) => allocator.bufferOf(memory),
    () => pipelines.clearBindGroups(),
  );
  const allocator = new GpuAllocator(session, recorder, windowBytes);
  return { session, allocator, recorder, pipelines, transfer: new Transfer(session, recorder) };
}
