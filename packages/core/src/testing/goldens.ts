/** Reference answers for the tests: PyTorch's, Random123's, and an independent implementation of the stream. */
import { readFileSync } from "node:fs";
import { tensor } from "../tensor/creation";
import type { Tensor } from "../tensor/tensor";

/** A tensor as the golden files write it. */
export interface GoldenTensor {
  readonly shape: readonly number[];
  readonly data: readonly number[];
  readonly dtype?: "float32" | "int32";
}

/** One of the files under `goldens/`. */
export function readGolden<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(`../../goldens/${name}.json`, import.meta.url), "utf8")) as T;
}

/** A golden tensor as a tensor. */
export function fromGolden({ shape, data, dtype = "float32" }: GoldenTensor, requiresGrad = false): Tensor {
  return tensor(dtype === "int32" ? new Int32Array(data) : new Float32Array(data), { shape, requiresGrad });
}
