import type { Device } from "../../backend/storage";
import { isPromise } from "../../errors/brand";
import type { Shape } from "../../shape/shape";

/**
 * What a row of a profile is: a kernel of a backend, the gradient of an operation, an optimizer's step, a batch that a `DataLoader` gave, a tensor's
 * elements that were waited for, or what `recordFunction` named.
 */
export type RowKind = "op" | "backward" | "step" | "batch" | "read" | "function";

/** What is about to run. */
export interface Span {
  readonly kind: RowKind;
  readonly name: string;
  /** Where it runs; null for what is not bound to one. */
  readonly device: Device | null;
}

/** What is known of an op beside its name. */
export interface Traffic {
  readonly bytes: number;
  readonly shapes: readonly Shape[];
}

/** What ran. Holds no device, which a profile that is kept would keep alive. */
interface Ran {
  readonly kind: RowKind;
  readonly name: string;
  /** The label of the device. */
  readonly backend: string | null;
}

/** One run of a span, with times in milliseconds since the profile began. */
export interface Entry extends Ran {
  readonly start: number;
  readonly duration: number;
  readonly traffic: Traffic;
  /** Another number for each one that gave a promise and so may overlap others; 0 for the rest, which are nested. */
  readonly track: number;
}

/** All runs of one span with the same shapes. */
export interface Sum extends Ran {
  calls: number;
  time: number;
  selfTime: number;
  bytes: number;
  readonly shapes: readonly Shape[];
}

/** A span that has begun. */
interface Open extends Span {
  readonly start: number;
  /** Time of the spans right inside. */
  inner: number;
  /** Time in which it was the innermost; known when its call has returned. */
  selfTime: number;
}

const NO_TRAFFIC: Traffic = { bytes: 0, shapes: [] };

/**
 * Takes down what runs. One thread runs everything, so spans that are calls nest. One that gave a promise is left when its call returns, and has ended
 * when the promise settles: what runs between belongs to nobody, since no engine-independent way tells who caused it.
 */
export class Recorder {
  /** In the order in which they ended; null where they are not wanted. */
  readonly entries: Entry[] | null;
  readonly sums = new Map<string, Sum>();
  /** Devices whose kernels were called. */
  readonly devices = new Set<Device>();
  /** Milliseconds from begin to end. */
  duration = 0;
  #begin = performance.now();
  #isDone = false;
  readonly #stack: Open[] = [];
  readonly #waiting = new Set<Open>();
  #tracks = 0;

  constructor(keepEntries: boolean) {
    this.entries = keepEntries ? [] : null;
  }

  /** Sets the clock to 0. */
  begin(): void {
    this.#begin = performance.now();
  }

  /** Stops the clock. Spans that still wait end here; what runs later is not taken down. */
  end(): void {
    if (this.#isDone) return;
    for (const span of this.#waiting) this.#close(span, NO_TRAFFIC, ++this.#tracks);
    this.#waiting.clear();
    this.duration = this.#now();
    this.#isDone = true;
  }

  /** Runs a call as a span. `trafficOf` is asked after it, off its clock. */
  call<T>(span: Span, fn: () => T, trafficOf: () => Traffic = () => NO_TRAFFIC): T {
    if (this.#isDone) return fn();
    const open = this.#enter(span);
    try {
      return fn();
    } finally {
      const end = this.#leave(open);
      this.#close(open, trafficOf(), 0, end);
    }
  }

  /** The same for a function that may give a promise: then the span ends when that settles, and the promise given back settles after it. */
  callOrWait<T>(span: Span, fn: () => T): T {
    if (this.#isDone) return fn();
    const open = this.#enter(span);
    let result: T;
    try {
      result = fn();
    } catch (error) {
      this.#close(open, NO_TRAFFIC, 0, this.#leave(open));
      throw error;
    }
    const end = this.#leave(open);
    if (!isPromise(result)) {
      this.#close(open, NO_TRAFFIC, 0, end);
      return result;
    }
    this.#waiting.add(open);
    return this.#settled(open, result) as T;
  }

  async #settled<T>(open: Open, promise: PromiseLike<T>): Promise<T> {
    try {
      return await promise;
    } finally {
      if (this.#waiting.delete(open)) this.#close(open, NO_TRAFFIC, ++this.#tracks);
    }
  }

  #now(): number {
    return performance.now() - this.#begin;
  }

  #enter({ kind, name, device }: Span): Open {
    const open = { kind, name, device, start: this.#now(), inner: 0, selfTime: 0 };
    this.#stack.push(open);
    return open;
  }

  /** The call of the innermost span has returned; when. */
  #leave(open: Open): number {
    const end = this.#now();
    this.#stack.pop();
    const duration = end - open.start;
    open.selfTime = duration - open.inner;
    const outer = this.#stack.at(-1);
    if (outer !== undefined) outer.inner += duration;
    return end;
  }

  #close({ kind, name, device, start, selfTime }: Open, traffic: Traffic, track: number, end = this.#now()): void {
    const duration = end - start;
    if (device !== null) this.devices.add(device);
    const backend = device?.label ?? null;
    this.entries?.push({ kind, name, backend, start, duration, traffic, track });
    const key = `${kind} ${backend} ${traffic.shapes.join("|")} ${name}`;
    let sum = this.sums.get(key);
    if (sum === undefined) {
      // The arrays of an operand may be the engine's own.
      const shapes = traffic.shapes.map((shape) => [...shape]);
      sum = { kind, name, backend, calls: 0, time: 0, selfTime: 0, bytes: 0, shapes };
      this.sums.set(key, sum);
    }
    sum.calls++;
    sum.time += duration;
    sum.selfTime += selfTime;
    sum.bytes += traffic.bytes;
  }
}
