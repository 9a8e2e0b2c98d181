import { afterEach, describe, test } from "vitest";
import { type Backend, cpu, optim, setDefaultBackend, type Tensor } from "../index";
import { blindBackend } from "../testing/backends";
import { expectClose } from "../testing/close";
import { fromGolden, type GoldenTensor, readGolden } from "../testing/goldens";

interface Trajectory {
  readonly optimizer: "SGD";
  readonly options: Partial<optim.SGDOptions>;
  readonly params: readonly GoldenTensor[];
  readonly grads: readonly (readonly GoldenTensor[])[];
  readonly steps: readonly (readonly GoldenTensor[])[];
}

const { optimizers } = readGolden<{ optimizers: Trajectory[] }>("optimizers");

afterEach(() => setDefaultBackend(cpu));

describe.each<[string, () => Backend]>([
  ["with fused kernels", () => cpu as Backend],
  ["composed of the op families, without views", () => blindBackend() as Backend],
])("each step is PyTorch's %s", (_, makeBackend) => {
  test.each(optimizers.map((run) => [run.optimizer, JSON.stringify(run.options), run] as const))("%s %s", async (name, _, run) => {
    setDefaultBackend(makeBackend());
    const params = run.params.map((param) => fromGolden(param, true));
    const optimizer = new optim[name](params, run.options);
    for (const [i, grads] of run.grads.entries()) {
      params.forEach((param, k) => {
        param.grad = fromGolden(grads[k] as GoldenTensor);
      });
      optimizer.step();
      for (const [k, param] of params.entries()) {
        const expected = run.steps[i]?.[k] as GoldenTensor;
        expectClose(await (param as Tensor).data(), expected.data, { rtol: 1e-5, atol: 1e-6 }, `parameter ${k} after step ${i}`);
      }
    }
  });
});
