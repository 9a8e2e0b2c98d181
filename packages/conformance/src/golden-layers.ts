/** PyTorch's answers for functions of layers: outputs, and the gradients of inputs and weights. */
import { functional as F, isTensor, type Tensor, tensor } from "@dropwise/core";
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
  readonly output?: GoldenTensor;
  /** In place of one output: values and their places. */
  readonly outputs?: readonly GoldenTensor[];
  readonly gradOutput: GoldenTensor;
  readonly grads: readonly (GoldenTensor | null)[];
}

const goldenLayers = layersFile.cases as unknown as readonly GoldenLayer[];

type Call = (...args: unknown[]) => Tensor | { readonly values: Tensor; readonly indices: Tensor };

/** What is an argument of a call, though the file has it among the options. */
export function calledWith(inputs: readonly Tensor[], { target, mask, index, equation, ...options }: GoldenLayer["attrs"]): unknown[] {
  const given = [equation, ...inputs, target, mask, index].filter((value) => value !== undefined);
  return equation === undefined ? [...given, options] : given;
}

/** A check for each golden case of the functions that `ops` matches: the output and all gradients. `args` makes a call's arguments of its inputs and options. */
export function goldenChecks(
  ops: RegExp,
  tolerance: Tolerance,
  args: (inputs: readonly Tensor[], attrs: GoldenLayer["attrs"]) => readonly unknown[],
): Family {
  return each(
    goldenLayers.filter(({ op }) => ops.test(op)).map((golden, i) => ({ golden, i })),
    ({ golden: { op, attrs, inputs }, i }) =>
      `gives case ${i} as PyTorch does: ${op} of ${inputs.map(({ shape }) => `[${shape}]`).join(" and ")} ${JSON.stringify(shown(attrs))}`,
    async ({ golden }, { backend }) => {
      const on = (value: GoldenTensor, requiresGrad = false) =>
        tensor(fromGolden(value).data, { shape: value.shape, requiresGrad, backend });
      const inputs = golden.inputs.map((value) => on(value, true));
      const attrs = Object.fromEntries(
        Object.entries(golden.attrs).map(([name, value]) => [
          name,
          isGoldenTensor(value) ? on(value) : value === "Infinity" ? Number.POSITIVE_INFINITY : value,
        ]),
      );
      const result = (F[golden.op as keyof typeof F] as Call)(...args(inputs, attrs));
      const outputs = "values" in result ? [result.values, result.indices] : [result];
      const seed = on(golden.gradOutput);
      outputs[0]?.backward(seed);
      const what = `${backend.name}, ${golden.op}`;
      const expected = golden.outputs ?? [golden.output as GoldenTensor];
      for (const [k, { shape, data }] of expected.entries()) {
        assertSame([...(outputs[k]?.shape ?? [])], [...shape], `${what}, shape`);
        assertClose((await outputs[k]?.data()) ?? [], data, tolerance, what);
      }
      for (const [k, gradient] of golden.grads.entries()) {
        if (gradient !== null)
          assertClose((await inputs[k]?.grad?.data()) ?? [], gradient.data, tolerance, `${what}, gradient of input ${k}`);
      }
      const beside = Object.values(attrs).filter((value): value is Tensor => isTensor(value));
      for (const made of [...inputs, ...beside, ...outputs, seed]) made.dispose();
    },
  );
}

// --- internal helpers ---

function isGoldenTensor(value: unknown): value is GoldenTensor {
  return typeof value === "object" && value !== null && "data" in value;
}

/** The options as a name has them: tensors by their shape. */
function shown(attrs: GoldenLayer["attrs"]): object {
  return Object.fromEntries(Object.entries(attrs).map(([name, value]) => [name, isGoldenTensor(value) ? `[${value.shape}]` : value]));
}
