import { describe, expect, test } from "vitest";
import { nn } from "../index";
import type { Tensor } from "../tensor/tensor";
import { expectClose } from "../testing/close";
import { fromGolden, type GoldenTensor, readGolden } from "../testing/goldens";

interface ModuleCase {
  readonly module: string;
  readonly options: { readonly inputSize: number; readonly hiddenSize: number };
  readonly params: Readonly<Record<string, GoldenTensor>>;
  readonly input: GoldenTensor;
  readonly extra?: { readonly h0: GoldenTensor; readonly c0?: GoldenTensor };
  readonly outputs: readonly GoldenTensor[];
  readonly gradOutput: GoldenTensor;
  readonly gradStates?: readonly GoldenTensor[];
  readonly grads: Readonly<Record<string, GoldenTensor>>;
  readonly gradInput: GoldenTensor;
  readonly gradExtra?: Readonly<Record<string, GoldenTensor>>;
}

const KINDS = { RNN: nn.RNN, LSTM: nn.LSTM, GRU: nn.GRU };
const cases = readGolden<{ cases: ModuleCase[] }>("modules").cases.filter(({ module }) => module in KINDS);
const TOLERANCE = { rtol: 1e-5, atol: 2e-6 };

describe("recurrent layers agree with PyTorch", () => {
  test("on every case of the golden file", () => {
    expect(cases.length).toBe(48);
  });

  test.each(
    cases.map((c, i) => [`case ${i}: ${c.module} of [${c.input.shape}] ${JSON.stringify(c.options)} ${c.extra ? "from a state" : ""}`, c] as const),
  )("%s", (_, c) => {
    const { inputSize, hiddenSize, ...options } = c.options;
    const layer = new KINDS[c.module as "LSTM"](inputSize, hiddenSize, options);
    expect(Object.keys(layer.stateDict())).toEqual(Object.keys(c.params));
    layer.loadStateDict(Object.fromEntries(Object.entries(c.params).map(([name, value]) => [name, fromGolden(value)])));
    const x = fromGolden(c.input, true);
    const given = Object.fromEntries(Object.entries(c.extra ?? {}).map(([name, value]) => [name, fromGolden(value, true)]));
    const { h0, c0 } = given;
    const [output, state] = layer.forward(x, (c0 ? [h0, c0] : h0) as [Tensor, Tensor]);
    const outputs = [output, ...[state].flat()];
    expect(outputs.map(({ shape }) => shape)).toEqual(c.outputs.map(({ shape }) => shape));
    outputs.forEach((y, i) => {
      expectClose(y.dataSync(), c.outputs[i]?.data ?? [], TOLERANCE, `output ${i}`);
    });
    const seeds = [c.gradOutput, ...(c.gradStates ?? [])];
    seeds
      .map((seed, i) => (outputs[i] as Tensor).mul(fromGolden(seed)).sum())
      .reduce((sum, part) => sum.add(part))
      .backward();
    for (const [name, parameter] of layer.namedParameters())
      expectClose(parameter.grad?.dataSync() ?? [], c.grads[name]?.data ?? [], TOLERANCE, `gradient of ${name}`);
    expectClose(x.grad?.dataSync() ?? [], c.gradInput.data, TOLERANCE, "gradient of the input");
    for (const [name, leaf] of Object.entries(given))
      expectClose(leaf.grad?.dataSync() ?? [], c.gradExtra?.[name]?.data ?? [], TOLERANCE, `gradient of ${name}`);
  });
});
