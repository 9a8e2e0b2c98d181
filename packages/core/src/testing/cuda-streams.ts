/** Masks that PyTorch and JAX drew on an H100, from `goldens/cuda-streams.json`. */
import { createHash } from "node:crypto";
import { readGolden } from "./goldens";

/** One mask, or values where there are some. `bits` is missing where a mask is too long to be kept. */
export interface StreamCase {
  readonly name: string;
  readonly n: number;
  readonly seed: number;
  readonly call: number;
  readonly output: number;
  readonly p: number;
  readonly shape: number[];
  readonly dtype: string;
  /** Of the CUDA generator, afterwards. */
  readonly offset: number;
  readonly sha256: string;
  readonly values?: number[];
  readonly head: number[];
}

/** The cases whose name begins so. */
export function streamCases(name: string): StreamCase[] {
  const { cases } = readGolden<{ cases: StreamCase[] }>("cuda-streams");
  return cases.filter((each) => each.name.startsWith(name));
}

/** A mask's sha256, as the file has it; of packed bits, element e is bit `e & 7` of byte `e >> 3`. */
export function sha256Of(mask: ArrayLike<number | boolean>): string {
  return createHash("sha256").update(Uint8Array.from(mask, Number)).digest("hex");
}

/** Packed bits as a byte for each element. */
export function unpacked(bits: Uint8Array, length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, e) => ((bits[e >> 3] as number) >> (e & 7)) & 1);
}
