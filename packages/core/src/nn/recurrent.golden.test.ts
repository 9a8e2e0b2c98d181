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

/** Padded batches, and stacks from a state. */
interface PaddedCase {
  readonly module: string;
  readonly options: ModuleCase["options"];
  readonly lengths?: readonly number[];
  readonly params: ModuleCase["params"];
  readonly input: GoldenTensor;
  readonly state: readonly GoldenTensor[];
  readonly outputs: readonly GoldenTensor[];
  readonly gradOutputs: readonly GoldenTensor[];
  readonly grads: ModuleCase["grads"];
  readonly gradInput: GoldenTensor;
  readonly gradState: readonly GoldenTensor[];
}

const padded = readGolden<{ cases: PaddedCase[] }>("recurrent").cases;

/** The cases of the other file in the same form. */
const plain = cases.map((c): PaddedCase => {
  const { h0, c0 } = c.extra ?? {};
  const state = [h0, c0].filter((part) => part !== undefined);
  const gradState = ["h0", "c0"].map((name) => c.gradExtra?.[name]).filter((part) => part !== undefined);
  return { ...c, state, gradOutputs: [c.gradOutput, ...(c.gradStates ?? [])], gradState };
});

describe("recurrent layers agree with PyTorch", () => {
  test("on every case of the golden files", () => {
    expect([plain.length, padded.length]).toEqual([48, 14]);
    expect(plain.filter(({ state }) => state.length > 0).every(({ state, gradState }) => state.length === gradState.length)).toBe(true);
  });

  test.each(
    [...plain, ...padded].map(
      (c, i) => [`case ${i}: ${c.module} of [${c.input.shape}] ${JSON.stringify({ ...c.options, lengths: c.lengths })}`, c] as const,
    ),
  )("%s", (_, c) => {
    const { inputSize, hiddenSize, ...options } = c.options;
    const layer = new KINDS[c.module as "LSTM"](inputSize, hiddenSize, options);
    expect(Object.keys(layer.stateDict())).toEqual(Object.keys(c.params));
    layer.loadStateDict(Object.fromEntries(Object.entries(c.params).map(([name, value]) => [name, fromGolden(value)])));
    const x = fromGolden(c.input, true);
    const state = c.state.map((part) => fromGolden(part, true));
    const given = (state.length === 2 ? state : state[0]) as [Tensor, Tensor];
    const [output, after] = layer.forward(x, given, { ...(c.lengths && { lengths: c.lengths }) });
    const outputs = [output, ...[after].flat()];
    expect(outputs.map(({ shape }) => shape)).toEqual(c.outputs.map(({ shape }) => shape));
    outputs.forEach((y, i) => {
      expectClose(y.dataSync(), c.outputs[i]?.data ?? [], TOLERANCE, `output ${i}`);
    });
    c.gradOutputs
      .map((seed, i) => (outputs[i] as Tensor).mul(fromGolden(seed)).sum())
      .reduce((sum, part) => sum.add(part))
      .backward();
    for (const [name, { grad }] of layer.namedParameters())
      expectClose(grad?.dataSync() ?? [], c.grads[name]?.data ?? [], TOLERANCE, `gradient of ${name}`);
    expectClose(x.grad?.dataSync() ?? [], c.gradInput.data, TOLERANCE, "gradient of the input");
    state.forEach(({ grad }, i) => {
      expectClose(grad?.dataSync() ?? [], c.gradState[i]?.data ?? [], TOLERANCE, `gradient of state ${i}`);
    });
  });
});
