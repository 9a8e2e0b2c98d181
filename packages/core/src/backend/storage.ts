import { BYTES_PER_ELEMENT, type DType } from "../dtype/dtype";
import type { BackendStorage } from "./backend";
import type { Device } from "./device";

/**
 * The memory of one or more tensors, counted: a tensor, each view of it and each graph node that needs it hold one reference.
 * When the last is dropped, the memory goes back to the device's pool; whoever gets it next gets a new `Storage`.
 */
export class Storage implements BackendStorage {
  /** Raised by every edit in place. The backward pass compares it with what it was when the value was saved. */
  version = 0;
  #references = 1;

  /** Made by `Device.allocate` only. `capacity` is what the memory really has room for. */
  constructor(
    readonly device: Device,
    readonly handle: unknown,
    readonly dtype: DType,
    readonly length: number,
    readonly capacity: number,
  ) {}

  /** Bytes in use, as seen from the host. */
  get byteLength(): number {
    return this.length * BYTES_PER_ELEMENT[this.dtype];
  }

  /** True while no one but the asker holds it. */
  get isUnshared(): boolean {
    return this.#references === 1;
  }

  /** Takes one more reference. */
  retain(): this {
    this.#references++;
    return this;
  }

  /** Drops the reference of a tensor that was disposed, moved or garbage collected. */
  collect(): void {
    this.device.liveTensors--;
    this.release();
  }

  /** Drops one reference; the last one gives the memory back. */
  release(): void {
    this.#references--;
    if (this.#references === 0) this.device.recycle(this);
  }
}
