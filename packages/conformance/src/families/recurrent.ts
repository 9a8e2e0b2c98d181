/** Recurrent layers: PyTorch's answers, also for batches that are padded, and the reference's for sizes that a backend splits. */
import { functional as F, grad, nn, type Tensor, tensor } from "@dropwise/core";
import recurrentFile from "../../goldens/recurrent.json";
import { assertClose, assertSame } from "../assert";
import { type Context, each, type Family } from "../case";
import { fromGolden, type GoldenTensor } from "../goldens";
import { generatorAt, uniform } from "../inputs";
import { COMPOSED } from "../tolerance";

/** A layer of PyTorch, run forward and backward. */
interface GoldenRecurrent {
  readonly module: "RNN" | "LSTM" | "GRU";
  readonly options: nn.RNNOptions & { readonly inputSize: number; readonly hiddenSize: number };
  readonly lengths?: readonly number[];
  readonly params: Readonly<Record<string, GoldenTensor>>;
  readonly input: GoldenTensor;
  readonly state: readonly GoldenTensor[];
  readonly outputs: readonly GoldenTensor[];
  readonly gradOutputs: readonly GoldenTensor[];
  readonly grads: Readonly<Record<string, GoldenTensor>>;
  readonly gradInput: GoldenTensor;
  readonly gradState: readonly GoldenTensor[];
}

const cases = recurrentFile.cases as unknown as readonly GoldenRecurrent[];

/** Longer and wider than the golden cases; every gradient of these is compared with the reference's. */
const SIZES = [
  { module: "LSTM", steps: 9, batch: 5, inputSize: 7, hiddenSize: 33, options: { bidirectional: true } },
  { module: "GRU", steps: 9, batch: 3, inputSize: 17, hiddenSize: 32, options: { numLayers: 2 } },
  { module: "RNN", steps: 33, batch: 2, inputSize: 1, hiddenSize: 5, options: { nonlinearity: "relu" } },
] as const;

/** LSTMs whose sequences are all of one length, which a kernel may run as a whole. */
const WHOLE = [
  { steps: 1, batch: 1, hiddenSize: 1, options: {} },
  { steps: 5, batch: 3, hiddenSize: 19, options: { bidirectional: true } },
  { steps: 3, batch: 150, hiddenSize: 8, options: { bias: false } },
  { steps: 4, batch: 13, hiddenSize: 70, options: { numLayers: 2 } },
] as const;

/** Recurrent layers. */
export const recurrent: Family = {
  ...each(
    cases,
    ({ module, options: { inputSize: _, hiddenSize: __, ...options }, input, lengths, state }) =>
      `runs ${module} over [${input.shape}] as PyTorch does, ${JSON.stringify({ ...options, ...(lengths && { lengths }) })}${state.length > 0 ? " from a state" : ""}`,
    likePyTorch,
  ),

  ...each(
    SIZES,
    ({ module, steps, batch, hiddenSize, options }) =>
      `runs ${module} of size ${hiddenSize} as the reference does, over [${steps},${batch}] ${JSON.stringify(options)}`,
    ({ module, steps, batch, inputSize, hiddenSize, options }, { within }) =>
      within(COMPOSED)(
        (x) => {
          const layer = new nn[module](inputSize, hiddenSize, { ...options, backend: x.backend, generator: generatorAt(3) });
          return tensorsOf(layer.forward(x, null, { lengths: Array.from({ length: batch }, (_, i) => steps - i) }));
        },
        uniform([steps, batch, inputSize]),
      ),
  ),

  ...each(
    WHOLE,
    ({ steps, batch, hiddenSize, options }) =>
      `runs a whole LSTM of size ${hiddenSize}, over [${steps},${batch}] ${JSON.stringify(options)}`,
    ({ steps, batch, hiddenSize, options }, { within }) =>
      within(COMPOSED)(
        (x, h, c, ...weights) => {
          const layer = new nn.LSTM(3, hiddenSize, { ...options, backend: x.backend, generator: generatorAt(3) });
          const directions = layer.bidirectional ? 2 : 1;
          const rows = layer.numLayers * directions;
          if (weights.length > 0) Object.assign(layer, { weight_hh_l0: weights[0], weight_ih_l0: weights[1] });
          return tensorsOf(layer.forward(x, [h.slice(0, 0, rows), c.slice(0, 0, rows)] as [Tensor, Tensor]));
        },
        uniform([steps, batch, 3]),
        uniform([2, batch, hiddenSize], { seed: 2, low: -1, high: 1 }),
        uniform([2, batch, hiddenSize], { seed: 3, low: -1, high: 1 }),
        uniform([4 * hiddenSize, hiddenSize], { seed: 4, low: -0.3, high: 0.3 }),
        uniform([4 * hiddenSize, 3], { seed: 5, low: -0.5, high: 0.5 }),
      ),
  ),

  "differentiates a whole LSTM twice": ({ within }) =>
    within({ ...COMPOSED, name: "second gradients of an LSTM", rtol: 1e-4, atol: 1e-5 })(
      (x, h, c) => {
        const layer = new nn.LSTM(2, 3, { bidirectional: true, backend: x.backend, generator: generatorAt(3) });
        const [output, [, cells]] = layer.forward(x, [h, c]);
        const [first, , ofC] = grad(output.mul(output).sum().add(cells.mul(cells).sum()), [x, h, c], { createGraph: true }) as [
          Tensor,
          Tensor,
          Tensor,
        ];
        return [first.mul(first), ofC];
      },
      uniform([4, 2, 2]),
      uniform([2, 2, 3], { seed: 2 }),
      uniform([2, 2, 3], { seed: 3 }),
    ),

  "drops between layers, by a mask over steps, batch and units in this order, also with the batch first": async ({ backend }) => {
    const [steps, batch] = [4, 3];
    const layer = (generator = generatorAt(5)) =>
      new nn.GRU(2, 2, { numLayers: 2, bidirectional: true, batchFirst: true, dropout: 0.4, backend, generator });
    const generator = generatorAt(5);
    const whole = layer(generator);
    const call = generator.call;
    const { data, shape } = uniform([batch, steps, 2]);
    const x = tensor(data, { shape, backend });
    const [output] = whole.forward(x);
    assertSame(generator.call, call + 1n, `${backend.name}, calls taken`);

    const part = (number: number) => {
      const one = new nn.GRU(number === 0 ? 2 : 4, 2, { bidirectional: true, batchFirst: true, backend, generator: generatorAt(0) });
      const state = Object.entries(whole.stateDict()).filter(([name]) => name.includes(`_l${number}`));
      one.loadStateDict(Object.fromEntries(state.map(([name, value]) => [name.replace(`_l${number}`, "_l0"), value])));
      return one;
    };
    const [hidden] = part(0).forward(x);
    const dropped = F.dropout(hidden.transpose(0, 1), { p: 0.4, generator: generatorAt(5, call) }).transpose(0, 1);
    const [expected] = part(1).forward(dropped);
    assertClose(await output.data(), await expected.data(), COMPOSED, `${backend.name}, output`);
  },
};

// --- internal helpers ---

function tensorsOf([output, state]: readonly [Tensor, Tensor | readonly Tensor[]]): Tensor[] {
  return [output, ...[state].flat()];
}

async function likePyTorch(golden: GoldenRecurrent, { backend }: Context): Promise<void> {
  const { module, lengths, params } = golden;
  const { inputSize, hiddenSize, ...options } = golden.options;
  const on = (value: GoldenTensor, requiresGrad = false) => tensor(fromGolden(value).data, { shape: value.shape, requiresGrad, backend });
  const layer = new nn[module as "LSTM"](inputSize, hiddenSize, { ...options, backend, generator: generatorAt(0) });
  layer.loadStateDict(Object.fromEntries(Object.entries(params).map(([name, value]) => [name, on(value)])));
  const x = on(golden.input, true);
  const state = golden.state.map((part) => on(part, true));
  const given = (module === "LSTM" ? state : state[0]) as [Tensor, Tensor];
  const outputs = tensorsOf(layer.forward(x, state.length === 0 ? null : given, { ...(lengths && { lengths }) }));
  outputs
    .map((y, i) => y.mul(on(golden.gradOutputs[i] as GoldenTensor)).sum())
    .reduce((sum, part) => sum.add(part))
    .backward();
  const results: [what: string, got: Tensor | null | undefined, expected: GoldenTensor | undefined][] = [
    ...outputs.map((y, i): (typeof results)[0] => [`output ${i}`, y, golden.outputs[i]]),
    ...[...layer.namedParameters()].map(([name, { grad }]): (typeof results)[0] => [`gradient of ${name}`, grad, golden.grads[name]]),
    ["gradient of the input", x.grad, golden.gradInput],
    ...state.map(({ grad }, i): (typeof results)[0] => [`gradient of state ${i}`, grad, golden.gradState[i]]),
  ];
  for (const [what, got, expected] of results) {
    assertSame([...(got?.shape ?? [])], [...(expected?.shape ?? [])], `${backend.name}, shape of ${what}`);
    assertClose((await got?.data()) ?? [], expected?.data ?? [], COMPOSED, `${backend.name}, ${what}`);
  }
}
