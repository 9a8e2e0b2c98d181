import { describe, expect, test } from "vitest";
import { nn, type Tensor, tensor } from "../index";
import { expectClose } from "../testing/close";
import { fromGolden, type GoldenTensor, readGolden } from "../testing/goldens";

/** One call of a module as PyTorch answered it. */
interface GoldenModule {
  readonly module: "MultiheadAttention" | "TransformerEncoderLayer" | "TransformerDecoderLayer";
  readonly options: Readonly<Record<string, number>>;
  readonly mode: "train" | "eval";
  readonly params: Readonly<Record<string, GoldenTensor>>;
  readonly input: GoldenTensor;
  readonly extra?: Readonly<Record<string, GoldenTensor | boolean>>;
  readonly outputs: readonly GoldenTensor[];
  readonly gradOutput: GoldenTensor;
  readonly grads: Readonly<Record<string, GoldenTensor>>;
  readonly gradInput: GoldenTensor;
  readonly gradExtra?: Readonly<Record<string, GoldenTensor>>;
}

const cases = readGolden<{ cases: GoldenModule[] }>("modules").cases.filter(({ module }) => /Attention|Transformer/.test(module));

const CLOSE = { rtol: 1e-4, atol: 2e-6 };

/** Made as the file says, with the file's parameters. */
function made({ module, options, params, mode }: GoldenModule) {
  const { embedDim, numHeads, dModel, nhead, ...rest } = options as Record<string, number> & { dropout?: number };
  const layer =
    module === "MultiheadAttention"
      ? new nn.MultiheadAttention(embedDim as number, numHeads as number, rest as object)
      : new nn[module](dModel as number, nhead as number, rest as object);
  expect(Object.keys(layer.stateDict())).toEqual(Object.keys(params));
  layer.loadStateDict(Object.fromEntries(Object.entries(params).map(([name, value]) => [name, fromGolden(value)])));
  return layer.train(mode === "train");
}

function read(value: GoldenTensor | boolean, requiresGrad: boolean): Tensor | boolean {
  if (typeof value === "boolean") return value;
  if ((value.dtype as string) === "bool") return tensor(Uint8Array.from(value.data as readonly number[]), { shape: value.shape });
  return fromGolden(value, requiresGrad);
}

function outputsOf(layer: nn.Module, golden: GoldenModule, input: Tensor, extra: Record<string, Tensor | boolean>): readonly Tensor[] {
  if (golden.module === "MultiheadAttention") {
    const { key = input, value = key, ...call } = extra;
    return layer.forward(input, key, value, call) as Tensor[];
  }
  const { memory, ...call } = extra;
  return [layer.forward(...[input, memory].filter((x) => x !== undefined), call) as Tensor];
}

describe("attention and transformer layers", () => {
  test("have cases in the golden file", () => {
    expect(cases.length).toBe(20);
  });

  test.each(cases.map((c, i) => [`${i}: ${c.module} ${JSON.stringify(c.options)} ${Object.keys(c.extra ?? {})}`, c] as const))(
    "%s",
    (_, c) => {
      const layer = made(c);
      const input = fromGolden(c.input, true);
      const extra = Object.fromEntries(
        Object.entries(c.extra ?? {}).map(([name, value]) => [name, read(value, c.gradExtra?.[name] !== undefined)]),
      );
      const outputs = outputsOf(layer, c, input, extra);
      c.outputs.forEach(({ shape, data }, i) => {
        expect(outputs[i]?.shape).toEqual(shape);
        expectClose(outputs[i]?.dataSync() ?? [], data, CLOSE, `output ${i}`);
      });
      outputs[0]?.backward(fromGolden(c.gradOutput));
      expectClose(input.grad?.dataSync() ?? [], c.gradInput.data, CLOSE, "gradient of the input");
      for (const [name, parameter] of layer.namedParameters()) {
        expectClose(parameter.grad?.dataSync() ?? [], (c.grads[name] as GoldenTensor).data, CLOSE, `gradient of ${name}`);
      }
      for (const [name, { data }] of Object.entries(c.gradExtra ?? {}))
        expectClose((extra[name] as Tensor).grad?.dataSync() ?? [], data, CLOSE, `gradient of ${name}`);
    },
  );
});
