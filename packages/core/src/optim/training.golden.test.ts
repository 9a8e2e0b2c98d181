import { describe, expect, test } from "vitest";
import { functional as F, manualSeed, nn, optim, type Tensor, tidy } from "../index";
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

describe("training agrees with PyTorch at every step", () => {
  test.each(readGolden<{ runs: Run[] }>("training").runs)("$name", (run) => {
    const model = new Model(run);
    const { name, ...options } = run.optimizer;
    const optimizer = new OPTIMIZERS[name](model.parameters(), options);
    const generator = manualSeed(BigInt(run.seed));
    const input = fromGolden(run.input);
    const target = fromGolden(run.target);
    const named = new Map([...model.namedParameters()].map(([key, value]) => [key.replace("layers.", ""), value]));
    const losses: number[] = [];
    for (let step = 0; step < run.steps; step++) {
      tidy(() => {
        optimizer.zeroGrad();
        const loss = LOSSES[run.loss](model.forward(input, step), target);
        losses.push(loss.itemSync());
        loss.backward();
        if (step === 0) {
          for (const [key, value] of Object.entries(run.first_grads)) {
            expectClose(named.get(key)?.grad?.dataSync() ?? [], value.data, { rtol: 1e-4, atol: 1e-6 }, `gradient of ${key}`);
          }
        }
        optimizer.step();
      });
    }
    expectClose(losses, run.losses, { rtol: 2e-5, atol: 0 }, "loss");
    for (const [key, value] of Object.entries(run.final)) {
      expectClose(named.get(key)?.dataSync() ?? [], value.data, { rtol: 1e-4, atol: 1e-5 }, `final ${key}`);
    }
    expect(generator.call).toBe(BigInt(run.dropout_calls));
  });
});
