import { OutOfMemoryError } from "@dropwise/core/backend";

/** Bytes of a WebAssembly page. */
export const PAGE = 65536;

/** Pieces begin on cache lines, so that two threads never write to one, and vectors never straddle two. */
const ALIGNMENT = 64;

/** The least by which memory grows, when it may; growing moves the views, so it should be rare. */
const GROWTH = 16 * PAGE;

/**
 * Hands out pieces of a linear memory above `start`: first fit over a list of free ranges in order of address, neighbours joined on release.
 * Core pools by size before it comes here, so calls are rare and the list is short.
 */
export class Arena {
  /** Free ranges [address, end), in order of address, never touching each other. */
  readonly #free: { address: number; end: number }[] = [];
  /** The end of what is handed out or free; memory beyond was never used. */
  #top: number;
  /** Bytes handed out. */
  usedBytes = 0;

  /** `grown` is called whenever the memory has grown, and old views are void. */
  constructor(
    readonly memory: WebAssembly.Memory,
    start: number,
    readonly grown: () => void,
  ) {
    this.#top = align(start);
  }

  /** The address of `bytes` bytes. Throws OutOfMemoryError when the memory cannot grow; nothing has changed then. */
  allocate(bytes: number): number {
    const size = sizeOfPiece(bytes);
    for (let i = 0; i < this.#free.length; i++) {
      const range = this.#free[i] as { address: number; end: number };
      if (range.end - range.address < size) continue;
      const { address } = range;
      range.address += size;
      if (range.address === range.end) this.#free.splice(i, 1);
      this.usedBytes += size;
      return address;
    }
    // The last free range may reach to the top: then only the rest is new.
    const last = this.#free.at(-1);
    const address = last !== undefined && last.end === this.#top ? last.address : this.#top;
    this.#reserve(address + size, bytes);
    if (address !== this.#top) this.#free.pop();
    this.#top = address + size;
    this.usedBytes += size;
    return address;
  }

  /** Takes back what `allocate(bytes)` gave. */
  release(address: number, bytes: number): void {
    const size = sizeOfPiece(bytes);
    this.usedBytes -= size;
    const free = this.#free;
    let low = 0;
    for (let high = free.length; low < high; ) {
      const middle = (low + high) >> 1;
      if ((free[middle] as { address: number }).address < address) low = middle + 1;
      else high = middle;
    }
    const before = free[low - 1];
    const after = free[low];
    const end = address + size;
    if (before !== undefined && before.end === address) {
      before.end = end;
      if (after !== undefined && after.address === end) {
        before.end = after.end;
        free.splice(low, 1);
      }
    } else if (after !== undefined && after.address === end) after.address = address;
    else free.splice(low, 0, { address, end });
  }

  #reserve(end: number, wanted: number): void {
    const missing = end - this.memory.buffer.byteLength;
    if (missing <= 0) return;
    const pages = Math.ceil(missing / PAGE);
    // Ahead by an eighth, so that many small allocations do not grow many times; if that is too much, then by what is needed.
    const ahead = Math.max(pages, GROWTH / PAGE, Math.floor(this.memory.buffer.byteLength / PAGE / 8));
    if (!tryGrow(this.memory, ahead) && !tryGrow(this.memory, pages)) throw new OutOfMemoryError("wasm", wanted);
    this.grown();
  }
}

// --- internal helpers ---

const align = (bytes: number): number => Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;

const sizeOfPiece = (bytes: number): number => Math.max(ALIGNMENT, align(bytes));

function tryGrow(memory: WebAssembly.Memory, pages: number): boolean {
  try {
    memory.grow(pages);
    return true;
  } catch {
    return false;
  }
}
