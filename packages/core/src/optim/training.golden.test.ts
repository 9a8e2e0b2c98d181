import { afterEach, describe, expect, test } from "vitest";
import { type Backend, cpu, functional as F, manualSeed, nn, optim, setDefaultBackend, type Tensor, tidy } from "../index";
import { blindBackend } from "../testing/backends";
import { expectClose } from "../testing/close";
import { fromGolden, type GoldenTensor, readGolden } from "../testing/goldens";

interface Run {
  readonly name: string;
  readonly seed: string;
  readonly steps: number;
  readonly loss: "bce" | "mse" | "ce";
  readonly p: readonly number[];
  readonly optimizer: { readonly name: "sgd" | "adam" | "adamw" } & Record<string, number>;
  readonly input: GoldenTensor;
  readonly target: GoldenTensor;
  readonly init: Record<string, GoldenTensor>;
  readonly first_grads: Record<string, GoldenTensor>;
  readonly losses: readonly number[];
  readonly final: Record<string, GoldenTensor>;
  readonly dropout_calls: number;
}

const LOSSES = { bce: F.binaryCrossEntropy, mse: F.mseLoss, ce: F.crossEntropy };
const OPTIMIZERS = { sgd: optim.SGD, adam: optim.Adam, adamw: optim.AdamW };

/** Linear layers with dropout between them; a sigmoid at the end for the binary loss. */
class Model extends nn.Module {
  readonly layers: nn.Linear[];

  constructor(readonly run: Run) {
    super();
    this.layers = Object.keys(run.init)
      .filter((name) => name.endsWith("weight"))
      .map((name) => new nn.Linear(run.init[name]?.shape[1] as number, run.init[name]?.shape[0] as number));
    this.loadStateDict(Object.fromEntries(Object.entries(run.init).map(([name, value]) => [`layers.${name}`, fromGolden(value)])));
  }

  forward(input: Tensor, step: number): Tensor {
    // The conditional run drops in two steps of three.
    const training = !this.run.name.includes("conditional") || step % 3 !== 1;
    // The second and third example are linear but for their dropout.
    const activation = /example-[23]/.test(this.run.name) ? (x: Tensor) => x : F.relu;
    let x = input;
    this.layers.forEach((layer, i) => {
      x = layer.forward(x);
      if (i < this.layers.length - 1) x = F.dropout(activation(x), { p: this.run.p[i] as number, training });
    });
    return this.run.loss === "bce" ? F.sigmoid(x) : x;
  }
}

afterEach(() => setDefaultBackend(cpu));

describe.each<[string, () => Backend]>([
  ["with fused kernels", () => cpu as Backend],
  ["composed of the op families, without views", () => blindBackend() as Backend],
])("training agrees with PyTorch at every step %s", (_, makeBackend) => {
  test.each(readGolden<{ runs: Run[] }>("training").runs)("$name", async (run) => {
    setDefaultBackend(makeBackend());
    const model = new Model(run);
    const { name, ...options } = run.optimizer;
    const optimizer = new OPTIMIZERS[name](model.parameters(), options);
    const generator = manualSeed(BigInt(run.seed));
    const input = fromGolden(run.input);
    const target = fromGolden(run.target);
    const named = new Map([...model.namedParameters()].map(([key, value]) => [key.replace("layers.", ""), value]));
    const losses: Promise<number>[] = [];
    for (let step = 0; step < run.steps; step++) {
      tidy(() => {
        optimizer.zeroGrad();
        const loss = LOSSES[run.loss](model.forward(input, step), target);
        losses.push(loss.item());
        loss.backward();
        if (step > 0) optimizer.step();
      });
      if (step > 0) continue;
      for (const [key, value] of Object.entries(run.first_grads)) {
        expectClose((await named.get(key)?.grad?.data()) ?? [], value.data, { rtol: 1e-4, atol: 1e-6 }, `gradient of ${key}`);
      }
      optimizer.step();
    }
    expectClose(await Promise.all(losses), run.losses, { rtol: 2e-5, atol: 0 }, "loss");
    for (const [key, value] of Object.entries(run.final)) {
      expectClose((await named.get(key)?.data()) ?? [], value.data, { rtol: 1e-4, atol: 1e-5 }, `final ${key}`);
    }
    expect(generator.call).toBe(BigInt(run.dropout_calls));
  });
});
