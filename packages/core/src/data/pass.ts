/** One pass of a loader: the order is drawn once, then one batch after the other is made, given out and freed. */
import { hostArray } from "../dtype/dtype";
import { isPromise } from "../errors/brand";
import { refusal, wrongValue } from "../errors/refusal";
import { attempt, drawPass } from "../random/draws";
import { resolveGenerator } from "../random/generator";
import { abandon, freeBatch } from "./batch";
import { BatchWatcher } from "./batch-watcher";
import type { Dataset } from "./dataset";
import { after, fetchBatch, transformed } from "./fetch";
import type { LoaderSettings } from "./options";
import { checkPlace, lengthOf } from "./places";
import { drawOrder, newProgress, type Progress } from "./progress";
import { ORDER, type RandomOrder, type Sampler, SOURCE } from "./sampler";
import { throwIfAborted, unlessAborted } from "./signal";

/** For a plain loop: each batch is made when it is asked for. */
export function* passOf(dataset: Dataset, settings: LoaderSettings, progress: Progress): Generator<unknown, void, undefined> {
  const begin = () => {
    const pass = new Pass(dataset, settings, progress);
    return { pass, first: nextNow(pass) };
  };
  // A pass that fails before its first batch has not begun: it gives its calls back.
  const { sampler } = settings;
  const drawn = () => (isDrawn(sampler) ? attempt(sampler[SOURCE](), begin) : begin());
  const { pass, first } = attempt(resolveGenerator("DataLoader", settings.generator), drawn);
  pass.begin();
  for (let batch = first; batch !== null; batch = nextNow(pass)) {
    pass.count();
    try {
      yield batch;
    } finally {
      freeBatch(batch);
    }
  }
  pass.end();
}

/** For `for await`: up to `prefetch` batches are asked for ahead of the one that is in use. They are given out in order. */
export async function* passOfAsync(
  dataset: Dataset,
  settings: LoaderSettings,
  progress: Progress,
): AsyncGenerator<unknown, void, undefined> {
  const pass = new Pass(dataset, settings, progress);
  pass.begin();
  const asked: Promise<unknown>[] = [];
  const ask = () => {
    while (asked.length <= settings.prefetch && !pass.isOver) {
      // In a promise also what is thrown at once: its turn has not come.
      const batch = new Promise((resolve) => resolve(pass.next()));
      batch.catch(() => {});
      asked.push(batch);
    }
  };
  try {
    for (ask(); asked.length > 0; ask()) {
      const batch = await unlessAborted(asked[0] as Promise<unknown>, settings.signal);
      asked.shift();
      pass.count();
      try {
        yield batch;
      } finally {
        freeBatch(batch);
      }
    }
    pass.end();
  } finally {
    for (const batch of asked) abandon(batch);
  }
}

// --- internal helpers ---

/** Where places come from that may be wrong. */
const ORIGIN = " from the sampler";

/** As many places are named at a time where samples come in order: their number may be larger than memory. */
const WINDOW = 1024;

/** Where a pass is. */
class Pass {
  /** Places from number `#from` of the pass on: of an order that was drawn, all. */
  #places: Int32Array;
  #from = 0;
  readonly #end: number;
  readonly #watcher = new BatchWatcher();
  #start: number;
  readonly #own: Progress;

  constructor(
    readonly dataset: Dataset,
    readonly settings: LoaderSettings,
    /** Of the loader's newest pass. */
    readonly progress: Progress,
  ) {
    throwIfAborted(settings.signal);
    const { batchSize, dropLast, sampler } = settings;
    const length = lengthOf("DataLoader", dataset);
    this.#own = progress.isLoaded ? { ...progress } : newProgress();
    // A pass that goes on drew for its beginning before.
    if (this.#own.batch === 0 && this.#own.order === null) drawPass(resolveGenerator("DataLoader", settings.generator));
    this.#places = sampler === undefined ? new Int32Array(0) : orderOf(sampler, length, this.#own);
    this.#start = this.#own.batch * batchSize;
    const count = sampler === undefined ? length : this.#places.length;
    this.#end = count - (dropLast ? count % batchSize : 0);
  }

  get isOver(): boolean {
    return this.#start >= this.#end;
  }

  /** From here on the loader's state is that of this pass. */
  begin(): void {
    this.#own.isLoaded = false;
    this.#tell();
  }

  /** One more batch is given out. */
  count(): void {
    this.#own.batch++;
    this.#tell();
  }

  /** The pass is over: the next one is new. */
  end(): void {
    Object.assign(this.#own, newProgress());
    this.#tell();
  }

  /** Only the newest pass of a loader says where it stands. */
  #tell(): void {
    Object.assign(this.progress, this.#own);
  }

  /** The next batch, or the promise of it; null after the last. */
  next(): unknown {
    const { collate, transform, signal, batchSize } = this.settings;
    if (this.isOver) return null;
    throwIfAborted(signal);
    const stop = Math.min(this.#start + batchSize, this.#end);
    if (stop > this.#from + this.#places.length) this.#moveWindow();
    const places = this.#places.subarray(this.#start - this.#from, stop - this.#from);
    this.#start = stop;
    const batch = fetchBatch(this.dataset, places, collate as never, this.#watcher);
    return transform === undefined ? batch : after(batch, (made) => transformed(made, transform));
  }

  /** Names the places of the next batches, in order. */
  #moveWindow(): void {
    const { batchSize } = this.settings;
    const count = Math.min(batchSize * Math.ceil(WINDOW / batchSize), this.#end - this.#start);
    this.#places = hostArray("the host", "int32", count);
    this.#from = this.#start;
    for (let i = 0; i < count; i++) this.#places[i] = this.#from + i;
  }
}

/** The next batch of a plain loop. */
function nextNow(pass: Pass): unknown {
  const batch = pass.next();
  if (!isPromise(batch)) return batch;
  abandon(batch);
  throw refusal(
    "DataLoader",
    "a dataset that gives its data at once",
    "one that gives promises",
    "write for await (const batch of loader)",
  );
}

/** All places that a sampler names for a pass over `length` samples. */
function orderOf(sampler: Sampler, length: number, progress: Progress): Int32Array {
  if (isDrawn(sampler))
    return checked(
      drawOrder(progress, sampler[SOURCE](), () => sampler[ORDER]()),
      length,
    );
  const order = hostArray("the host", "int32", lengthOf("DataLoader", sampler, "sampler"));
  let count = 0;
  for (const place of sampler) {
    if (count < order.length) order[count] = checkPlace("DataLoader", place, length, ORIGIN);
    // One more is enough to know.
    if (++count > order.length) break;
  }
  if (count !== order.length) throw wrongValue("DataLoader", `${order.length} places${ORIGIN}, as its length says`, count);
  return order;
}

/** True for a sampler that draws from a generator. */
function isDrawn(sampler: Sampler | undefined): sampler is RandomOrder {
  return sampler !== undefined && ORDER in sampler;
}

/** An order that may have been drawn for another dataset. */
function checked(order: Int32Array, length: number): Int32Array {
  for (let i = 0; i < order.length; i++) if ((order[i] as number) >= length) checkPlace("DataLoader", order[i], length, ORIGIN);
  return order;
}
