/** The random stream written down a second time, with BigInt where the library splits words, to hold the library against. */
import { philox4x32 } from "../random/philox";
import { thresholdOf } from "../random/threshold";

/** Word `element` of a call: word `e & 3` of block `e >> 2`. */
export function wordAt(seed: bigint, call: bigint, element: bigint): number {
  const low = (value: bigint) => Number(value & 0xffffffffn);
  const high = (value: bigint) => Number((value >> 32n) & 0xffffffffn);
  const block = element >> 2n;
  const words = new Uint32Array(4);
  philox4x32(low(seed), high(seed), low(call), high(call), low(block), high(block), words);
  return words[Number(element & 3n)] as number;
}

/** The mask of `length` elements from `offset` on: 1 where kept. */
export function maskAt(seed: bigint, call: bigint, p: number, length: number, offset = 0n): number[] {
  return Array.from({ length }, (_, i) => Number(wordAt(seed, call, offset + BigInt(i)) < thresholdOf(p)));
}

/** 24 bytes of generator state. */
export function stateOf(seed: bigint, offset: bigint, hostCall = 0n): Uint8Array {
  const view = new DataView(new ArrayBuffer(24));
  view.setBigUint64(0, seed, true);
  view.setBigUint64(8, offset, true);
  view.setBigUint64(16, hostCall, true);
  return new Uint8Array(view.buffer);
}
