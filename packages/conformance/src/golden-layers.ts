/** PyTorch's answers for functions of layers: outputs, and the gradients of inputs and weights. */
import { functional as F, type Tensor, tensor } from "@dropwise/core";
import layersFile from "../goldens/layers.json";
import { assertClose, assertSame } from "./assert";
import { each, type Family } from "./case";
import { fromGolden, type GoldenTensor } from "./goldens";
import type { Tolerance } from "./tolerance";

/** One call of a function, and its gradients. */
export interface GoldenLayer {
  readonly op: string;
  readonly attrs: Readonly<Record<string, unknown>>;
  readonly inputs: readonly GoldenTensor[];
  readonly output: GoldenTensor;
  readonly gradOutput: GoldenTensor;
  readonly grads: readonly (GoldenTensor | null)[];
}

const goldenLayers = layersFile.cases as unknown as readonly GoldenLayer[];

type Call = (...args: unknown[]) => Tensor;

/** A check for each golden case of the functions that `ops` matches: the output and all gradients. `args` makes a call's arguments of its inputs and options. */
export function goldenChecks(
  ops: RegExp,
  tolerance: Tolerance,
  args: (inputs: readonly Tensor[], attrs: GoldenLayer["attrs"]) => readonly unknown[],
): Family {
  return each(
    goldenLayers.filter(({ op }) => ops.test(op)).map((golden, i) => ({ golden, i })),
    ({ golden: { op, attrs, inputs }, i }) =>
      `gives case ${i} as PyTorch does: ${op} of ${inputs.map(({ shape }) => `[${shape}]`).join(" and ")} ${JSON.stringify(attrs)}`,
    async ({ golden }, { backend }) => {
      const on = (value: GoldenTensor, requiresGrad = false) =>
        tensor(fromGolden(value).data, { shape: value.shape, requiresGrad, backend });
      const inputs = golden.inputs.map((value) => on(value, true));
      const output = (F[golden.op as keyof typeof F] as Call)(...args(inputs, golden.attrs));
      const seed = on(golden.gradOutput);
      output.backward(seed);
      const what = `${backend.name}, ${golden.op}`;
      assertSame([...output.shape], [...golden.output.shape], `${what}, shape`);
      assertClose(await output.data(), golden.output.data, tolerance, what);
      for (const [k, gradient] of golden.grads.entries()) {
        if (gradient !== null)
          assertClose((await inputs[k]?.grad?.data()) ?? [], gradient.data, tolerance, `${what}, gradient of input ${k}`);
      }
      for (const made of [...inputs, output, seed]) made.dispose();
    },
  );
}
