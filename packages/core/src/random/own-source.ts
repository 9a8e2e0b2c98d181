/** The default stream: a seed and two counters of calls, one for masks and one for draws on the host. Philox makes words of them; see `docs/random-stream.md`. */
import { wrongValue } from "../errors/refusal";
import type { MaskKey } from "./mask-key";
import type { MaskRequest, Source } from "./source";
import { type CallKey, callKey } from "./words";

/** Calls are numbered below 2^62, so that `offset`, 4 times the call, fits PyTorch's 64 bits. */
const CALL_LIMIT = 2n ** 62n;

/** The top bit of a 64-bit call marks draws made on the host, which thereby never move a mask. */
const HOST_CALL = 2n ** 63n;

/** What a generator draws from unless it was given another stream. */
export class OwnSource implements Source {
  #call = 0n;
  /** The next one on the host. */
  hostCall = 0n;

  constructor(public seed: bigint) {}

  get offset(): bigint {
    return this.#call * 4n;
  }

  getState(): Uint8Array {
    this.nextMaskCall();
    // In the machine's order, as PyTorch's is: little-endian, but on IBM Z.
    return new Uint8Array(new BigUint64Array([this.seed, this.offset, this.hostCall]).buffer);
  }

  setState(state: Uint8Array): void {
    if (![16, 24].includes(state.length)) throw wrongValue("setState", "24 bytes, or PyTorch's 16", state.length);
    const [seed = 0n, offset = 0n, host = 0n] = new BigUint64Array(new Uint8Array(state).buffer);
    if (offset % 4n !== 0n || host >= HOST_CALL)
      throw wrongValue("setState", "an offset that is a multiple of 4, a host call below 2^63", `${offset}, ${host}`);
    this.seed = seed;
    this.#call = offset / 4n;
    this.hostCall = host;
  }

  mask({ p, shape, strides, elementOffset }: MaskRequest): MaskKey {
    return { call: this.nextMaskCall(), p, shape, strides, elementOffset };
  }

  take(): void {
    this.#call++;
  }

  /** The key of the next mask. Throws RangeError after 2^62 calls. */
  nextMaskCall(): CallKey {
    return keyOf(this.seed, this.#call, CALL_LIMIT);
  }
}

/** Takes the call number of the next draw on the host. Apart from the class: who draws nothing there does not carry it. */
export function takeHostCall(source: OwnSource): CallKey {
  const key = keyOf(source.seed, source.hostCall + HOST_CALL, 2n * HOST_CALL);
  source.hostCall++;
  return key;
}

// --- internal helpers ---

function keyOf(seed: bigint, call: bigint, limit: bigint): CallKey {
  if (call >= limit) throw new RangeError("Generator: expected more calls, got none left - set a new seed");
  return callKey(seed, call);
}
