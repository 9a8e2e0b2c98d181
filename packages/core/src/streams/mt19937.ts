/** MT19937 (Matsumoto and Nishimura, 1998) as PyTorch's CPU generator has it, and that generator's state in bytes. */
import { wrongValue } from "../errors/refusal";

/** Words of the state. */
const N = 624;
const M = 397;

/** Bytes of `torch.get_rng_state()`: seed, left, seeded, next; the words as u64; a spare normal number between two unused ones, and whether there is one; one of float32, unused. */
const BYTES = 5056;
const WORDS_AT = 24;
const SPARE_AT = 5024;
const HAS_SPARE_AT = 5040;
const HAS_FLOAT_SPARE_AT = 5052;

/** The state of one generator. */
export class Mt19937 {
  /** All 64 bits; only the low 32 are used. */
  seed: bigint;
  /** The second number of a pair of normal ones, which the next call gives. */
  spare: number | undefined;
  readonly #state = new Int32Array(N + 1);
  /** Words of it that were given out; after seeding as if all were. */
  #next = N;
  /** Until the first word is taken, for which PyTorch has a `next` of 0. */
  #isFresh = true;

  /** @param seed Default: none, for one that takes over another's state. */
  constructor(seed?: bigint) {
    this.seed = seed ?? 0n;
    if (seed === undefined) return;
    const state = this.#state;
    state[0] = Number(BigInt.asIntN(32, seed));
    for (let i = 1; i < N; i++) {
      const before = state[i - 1] as number;
      state[i] = Math.imul(1812433253, before ^ (before >>> 30)) + i;
    }
  }

  /** The next 32 bits. */
  random(): number {
    if (this.#next === N) this.#step();
    return tempered(this.#state[this.#next++] as number) >>> 0;
  }

  /** Some of the next words, at least one and at most so many, as the state has them: `tempered` makes words of them. Valid until the next call. */
  take(most: number): Int32Array {
    if (this.#next === N) this.#step();
    const start = this.#next;
    this.#next = Math.min(N, start + most);
    return this.#state.subarray(start, this.#next);
  }

  /** The next words, as many as there is room for. */
  fill(out: Uint32Array): void {
    for (let at = 0; at < out.length; ) {
      const taken = this.take(out.length - at);
      temper(taken, out, at);
      at += taken.length;
    }
  }

  /** Another in the same state. */
  clone(): Mt19937 {
    const copy = new Mt19937();
    copy.become(this);
    return copy;
  }

  /** Takes over another's state. */
  become(other: Mt19937): void {
    this.seed = other.seed;
    this.spare = other.spare;
    this.#state.set(other.#state);
    this.#next = other.#next;
    this.#isFresh = other.#isFresh;
  }

  /** The bytes of `torch.get_rng_state()`. */
  getState(): Uint8Array {
    const bytes = new Uint8Array(BYTES);
    const view = new DataView(bytes.buffer);
    view.setBigUint64(0, this.seed, true);
    view.setInt32(8, this.#isFresh ? 1 : N + 1 - this.#next, true);
    view.setInt32(12, 1, true);
    view.setUint32(16, this.#isFresh ? 0 : this.#next, true);
    for (let i = 0; i < N; i++) view.setInt32(WORDS_AT + 8 * i, this.#state[i] as number, true);
    if (this.spare !== undefined) {
      view.setFloat64(SPARE_AT, this.spare, true);
      view.setInt32(HAS_SPARE_AT, 1, true);
    }
    return bytes;
  }

  /**
   * Takes the bytes of `torch.get_rng_state()`.
   *
   * @throws RangeError for another length, and for what no generator of PyTorch's can hold; nothing changes then.
   */
  setState(bytes: Uint8Array): void {
    if (bytes.length !== BYTES) throw wrongValue("setState", `the ${BYTES} bytes of torch.get_rng_state()`, bytes.length);
    const view = new DataView(bytes.buffer, bytes.byteOffset, BYTES);
    const [left, seeded, next] = [view.getInt32(8, true), view.getInt32(12, true), view.getBigUint64(16, true)];
    const isFresh = left === 1 && next === 0n;
    const words = Uint32Array.from({ length: N }, (_, i) => view.getUint32(WORDS_AT + 8 * i, true));
    const isWhole = words.every((_, i) => view.getUint32(WORDS_AT + 8 * i + 4, true) === 0);
    const hasPlace = isFresh || (left >= 1 && left <= N && next === BigInt(N + 1 - left));
    const hasSpare = view.getInt32(HAS_SPARE_AT, true);
    const spare = view.getFloat64(SPARE_AT, true);
    const isSpare = hasSpare >>> 1 === 0 && Number.isFinite(spare) && bytes[HAS_FLOAT_SPARE_AT] === 0;
    // Words that are all 0 stay so for ever.
    if (seeded !== 1 || !hasPlace || !isWhole || !isSpare || words.every((word) => word === 0)) {
      throw wrongValue("setState", "the state of a PyTorch CPU generator", `left ${left}, seeded ${seeded}, next ${next}`);
    }
    this.seed = view.getBigUint64(0, true);
    this.spare = hasSpare === 1 ? spare : undefined;
    this.#state.set(words);
    this.#isFresh = isFresh;
    this.#next = isFresh ? N : Number(next);
  }

  /** Steps the whole state on. */
  #step(): void {
    const state = this.#state;
    twist(state, 0, N - M, M);
    state[N] = state[0] as number; // the last place looks at the first
    twist(state, N - M, N, M - N);
    this.#isFresh = false;
    this.#next = 0;
  }
}

/** What is given out for a word of the state, as an int32. */
export function tempered(word: number): number {
  let out = word ^ (word >>> 11);
  out ^= (out << 7) & -0x62d3a980;
  out ^= (out << 15) & -0x103a0000;
  return out ^ (out >>> 18);
}

// --- internal helpers ---

/** Steps places `from` to `to` on, each by that `far` places away. Constants are int32 and in their places: an engine loads and checks what lies outside each time. */
function twist(state: Int32Array, from: number, to: number, far: number): void {
  let high = state[from] as number;
  for (let i = from; i < to; i++) {
    const low = state[i + 1] as number;
    state[i] = (state[i + far] as number) ^ (((high & -0x80000000) | (low & 0x7fffffff)) >>> 1) ^ (-(low & 1) & -0x66f74f21);
    high = low;
  }
}

function temper(words: Int32Array, out: Uint32Array, at: number): void {
  for (let i = 0; i < words.length; i++) out[at + i] = tempered(words[i] as number);
}
