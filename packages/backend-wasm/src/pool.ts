import { Balance } from "./balance";
import { CHUNK_BITS, MAX_CHUNKS, type Start, Word } from "./protocol";
import { startWorker, type WorkerThread } from "./threads";

/**
 * Shares a kernel call between this thread and workers. All of them claim chunks, this thread included, and it waits only for chunks that
 * others have claimed already: a worker that gets no processor costs nothing but its help. One that loses its processor in the middle of a chunk
 * keeps everybody waiting, so a `Balance` is kept of what sharing gains and loses.
 */
export class Pool {
  readonly #words: Int32Array;
  readonly #canSleep = canSleep();
  readonly #balance = new Balance();
  #call = 0;

  private constructor(
    readonly workers: readonly WorkerThread[],
    start: Start,
  ) {
    this.#words = new Int32Array(start.memory.buffer, start.control, Word.length);
  }

  /** Starts one worker for each of `starts`, and waits until all are ready. Rejects, with none left running, when one cannot start. */
  static async create(starts: readonly Start[]): Promise<Pool> {
    const workers: WorkerThread[] = [];
    let timer: ReturnType<typeof setTimeout> | undefined;
    // A browser's worker that ends by itself tells nobody.
    const timeout = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error("wasm: expected workers to start, got no answer from one")), READY_MS);
    });
    try {
      for (const start of starts) {
        const worker = startWorker(start);
        worker.ready.catch(() => {}); // the first failure is told, not those that follow from it
        workers.push(worker);
      }
      await Promise.race([Promise.all(workers.map(({ ready }) => ready)), timeout]);
      return new Pool(workers, starts[0] as Start);
    } catch (error) {
      for (const worker of workers) worker.end();
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Whether to share a call that takes about `ns`. Not a short one, unless a worker is awake, and not while a loss is being made up for. */
  isWorthwhile(ns: number): boolean {
    if (ns < WORTH_SHARING_NS) return false;
    if (ns < WORTH_WAKING_NS && Atomics.load(this.#words, Word.sleepers) === this.workers.length) return false;
    return this.#balance.allows(ns / 1e6);
  }

  /** Computes the units [0, units) of a call, estimated at `ns`, in chunks of `chunkUnits`, which `run` computes on this thread; returns when all are done. */
  run(kernel: number, args: number, units: number, ns: number, chunkUnits: number, run: (begin: number, end: number) => void): void {
    const words = this.#words;
    const size = Math.max(chunkUnits, Math.ceil(units / MAX_CHUNKS));
    const chunks = Math.ceil(units / size);
    // No chunk of the last call is unclaimed, so nobody acts on these before the claim word says so.
    Atomics.store(words, Word.kernel, kernel);
    Atomics.store(words, Word.args, args);
    Atomics.store(words, Word.units, units);
    Atomics.store(words, Word.chunkUnits, size);
    Atomics.store(words, Word.done, 0);
    this.#call = (this.#call + 1) | 0;
    let claim = this.#call << CHUNK_BITS;
    Atomics.store(words, Word.claim, claim | MAX_CHUNKS); // all claimed, until the number of chunks stands as well
    Atomics.store(words, Word.chunks, chunks);
    const begun = performance.now();
    Atomics.store(words, Word.claim, claim);
    Atomics.add(words, Word.wake, 1);
    if (Atomics.load(words, Word.sleepers) > 0) Atomics.notify(words, Word.wake);

    const woken = performance.now();
    let own = 0;
    for (;;) {
      claim = Atomics.load(words, Word.claim);
      const chunk = claim & MAX_CHUNKS;
      if (chunk >= chunks) break;
      if (Atomics.compareExchange(words, Word.claim, claim, claim + 1) !== claim) continue;
      run(chunk * size, Math.min(units, (chunk + 1) * size));
      Atomics.add(words, Word.done, 1);
      own++;
    }
    const computed = performance.now();
    this.#join(chunks);
    // What the others computed would have taken this thread as long as its own chunks did; against that stand waking them and waiting for them.
    const saved = own === 0 ? ns / 1e6 : ((computed - woken) / own) * (chunks - own);
    this.#balance.settle(saved - (woken - begun) - (performance.now() - computed));
    if (Atomics.exchange(words, Word.failed, 0) !== 0) throw new Error("wasm: expected a kernel to finish in every worker, got a failure");
  }

  /** Ends the workers. */
  end(): void {
    for (const worker of this.workers) worker.end();
  }

  /** Waits for the chunks that workers have claimed: at first awake, then asleep where that is allowed, so that a worker can have this core. */
  #join(chunks: number): void {
    const words = this.#words;
    for (let spin = 0; spin < JOIN_SPINS || !this.#canSleep; spin++) if (Atomics.load(words, Word.done) === chunks) return;
    Atomics.store(words, Word.joining, 1);
    for (let done = Atomics.load(words, Word.done); done !== chunks; done = Atomics.load(words, Word.done)) {
      Atomics.wait(words, Word.done, done, 10);
    }
    Atomics.store(words, Word.joining, 0);
  }
}

// --- internal helpers ---

/** Far longer than workers take to start, some 30 ms each on a busy machine. */
const READY_MS = 60_000;

/** Estimated times from which a call is shared: with workers that are awake, and with workers that have to be woken (a system call, and a switch). */
const WORTH_SHARING_NS = 20_000;
const WORTH_WAKING_NS = 120_000;

/** Looks at `done` before this thread sleeps: some 20 microseconds, the cost of sleeping and waking. */
const JOIN_SPINS = 5000;

/** Whether this thread may sleep: the main thread of a page may not. */
function canSleep(): boolean {
  try {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 1);
    return true;
  } catch {
    return false;
  }
}
