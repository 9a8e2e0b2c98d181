/** How many threads run at once on GPUs, by name: PyTorch's masks of large tensors depend on it. */
import { didYouMean } from "../errors/options";
import { wrongType, wrongValue } from "../errors/refusal";

/** A GPU, as far as masks depend on it. */
export interface Gpu {
  /** Streaming multiprocessors. */
  readonly multiprocessors: number;
  /** Threads that one of them holds. */
  readonly threadsPerMultiprocessor: number;
}

/** From NVIDIA's data sheets and the compute capabilities of its programming guide. The rules were measured on an H100 SXM. */
export const GPUS: Readonly<Record<string, readonly [multiprocessors: number, threads: number]>> = {
  H100: [132, 2048],
  "H100 PCIe": [114, 2048],
  H200: [132, 2048],
  A100: [108, 2048],
  A30: [56, 2048],
  A40: [84, 1536],
  A10: [72, 1536],
  L4: [58, 1536],
  L40S: [142, 1536],
  V100: [80, 2048],
  P100: [56, 2048],
  T4: [40, 1024],
  "RTX 4090": [128, 1536],
  "RTX 4080": [76, 1536],
  "RTX 4080 SUPER": [80, 1536],
  "RTX 3090": [82, 1536],
  "RTX 3060": [28, 1536],
  "RTX 2080 Ti": [68, 1024],
};

/** A GPU by its name, upper or lower case. */
export function gpuOf(op: string, name: unknown): Gpu {
  if (typeof name !== "string") throw wrongType(op, "gpu as the name of one", name);
  const known = Object.keys(GPUS);
  const found = known.find((each) => each.toLowerCase() === name.trim().toLowerCase());
  if (found === undefined) {
    const near = didYouMean(name, known);
    throw wrongValue(op, `a GPU of the table (${known.join(", ")})`, name, near ?? "give its multiprocessors and threadsPerMultiprocessor");
  }
  const [multiprocessors, threadsPerMultiprocessor] = GPUS[found] as readonly [number, number];
  return { multiprocessors, threadsPerMultiprocessor };
}
