import type { DType } from "../dtype/dtype";
import type { Backend, BackendStorage } from "./backend";
import type { DeviceKernels, View } from "./kernels";

/** A backend as core uses it: its kernels made complete, its memory given out and counted. */
export interface Device {
  readonly backend: Backend;
  readonly kernels: DeviceKernels;
  /** The backend's `view`; absent when it is not host-visible. */
  readonly view: View | undefined;
  /** Its name, with "#2" for the second of that name that was used: what tells them apart in messages. */
  readonly label: string;
  /** Tensors that are not disposed. */
  liveTensors: number;
  /** Bytes of the storages that somebody holds. */
  readonly liveBytes: number;
  /** Bytes of released memory that is kept for the next allocation. */
  readonly pooledBytes: number;
  /** Storage for `length` elements with undefined contents. @throws UnsupportedOpError for a dtype the backend does not have, OutOfMemoryError when memory is short. */
  allocate(dtype: DType, length: number): Storage;
  /** Takes back the memory of a storage that nobody holds. */
  recycle(claim: Claim, handle: unknown, weight: unknown): void;
  /** Resolves after a turn of the event loop, where one is due. */
  turn(): Promise<void>;
  /** Gives all pooled memory back to the backend. */
  emptyPool(): void;
}

/**
 * The memory of one or more tensors, counted: a tensor, each view of it and each graph node that needs it hold one reference.
 * When the last is dropped, the memory goes back to the device's pool; whoever gets it next gets a new `Storage`.
 */
export class Storage implements BackendStorage {
  /** Raised by every edit in place. The backward pass compares it with what it was when the value was saved. */
  version = 0;

  /** Made by `Device.allocate` only. */
  constructor(
    /** What the garbage collector remembers. */
    readonly claim: Claim,
    readonly handle: unknown,
    readonly dtype: DType,
    readonly length: number,
    /** Shows the garbage collector how much memory there is behind the handle. */
    readonly weight: unknown,
  ) {}

  /** Whose memory it is. */
  get device(): Device {
    return this.claim.device;
  }

  /** True while no one but the asker holds it. */
  get isUnshared(): boolean {
    return this.claim.references === 1;
  }

  /** Takes one more reference. */
  retain(): this {
    this.claim.references++;
    return this;
  }

  /** Drops one reference; the last one gives the memory back. */
  release(): void {
    drop(this.claim, this.handle, this.weight);
  }
}

/**
 * The references of a storage, apart from its memory: what the garbage collector remembers of tensors, so that it is free to take memory that it knows
 * itself.
 */
export interface Claim {
  references: number;
  readonly device: Device;
  /** Where the memory goes when nobody holds it. */
  readonly free: unknown[];
  /** Bytes it has room for. */
  readonly bytes: number;
  /** Bytes in use, as seen from the host. */
  readonly byteLength: number;
  /** Undefined where the garbage collector takes it. */
  readonly handle: unknown;
}

/** Drops a reference by whoever has no more than the claim; with `handle`, by whoever has the storage. */
export function drop(claim: Claim, handle = claim.handle, weight?: unknown): void {
  claim.references--;
  if (claim.references === 0) claim.device.recycle(claim, handle, weight);
}
