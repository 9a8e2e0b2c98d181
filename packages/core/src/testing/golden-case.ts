/** One call of a function as PyTorch answered it, and how ours is held to it. */
import { expect } from "vitest";
import type { Tensor } from "../tensor/tensor";
import { expectClose } from "./close";
import { fromGolden, type GoldenTensor } from "./goldens";

export interface GoldenCase {
  readonly op: string;
  readonly attrs: Readonly<Record<string, unknown>>;
  readonly inputs: readonly GoldenTensor[];
  readonly output?: GoldenTensor;
  /** In place of one output: values and their places. */
  readonly outputs?: readonly GoldenTensor[];
  readonly gradOutput: GoldenTensor;
  readonly grads: readonly (GoldenTensor | null)[];
}

/** Its inputs, as leaves that want a gradient where they can. */
export function leavesOf({ inputs }: GoldenCase): Tensor[] {
  return inputs.map((input) => fromGolden(input, true));
}

/** Holds the outputs of a call, and the gradients that it leaves at its inputs, to PyTorch's. */
export function expectGolden(
  golden: GoldenCase,
  leaves: readonly Tensor[],
  outputs: readonly Tensor[],
  tolerance: Parameters<typeof expectClose>[2],
): void {
  const expected = golden.outputs ?? [golden.output as GoldenTensor];
  expect(outputs.map(({ shape }) => shape)).toEqual(expected.map(({ shape }) => shape));
  outputs.forEach((output, i) => {
    expectClose(output.dataSync(), (expected[i] as GoldenTensor).data, tolerance, `output ${i}`);
  });
  (outputs[0] as Tensor).backward(fromGolden(golden.gradOutput));
  golden.grads.forEach((gradient, i) => {
    if (gradient !== null) expectClose(leaves[i]?.grad?.dataSync() ?? [], gradient.data, tolerance, `gradient ${i}`);
  });
}
