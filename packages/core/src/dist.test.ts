/** The built package, loaded as ESM and as CommonJS in one process, as happens when dependencies disagree. */
import { createRequire } from "node:module";
import { afterEach, describe, expect, test } from "vitest";
import type * as Core from "./index";
import { expectRefusal, expectRejection } from "./testing/refusal";
import type * as Train from "./train";

const require = createRequire(import.meta.url);
const load = async () => ({
  esm: (await import(/* @vite-ignore */ new URL("../dist/index.js", import.meta.url).href)) as typeof Core,
  cjs: require("../dist/index.cjs") as typeof Core,
});
const { esm, cjs } = await load();
const both = [
  ["ESM", esm, cjs],
  ["CommonJS", cjs, esm],
] as const;

afterEach(() => esm.setDefaultBackend(esm.cpu));

describe("two copies of core", () => {
  test("are two: their classes differ", () => {
    expect(esm.nn.Linear).not.toBe(cjs.nn.Linear);
    expect(Object.keys(esm).sort()).toEqual(Object.keys(cjs).sort());
  });

  test("have one default generator: a seed set through one reaches layers made through the other", () => {
    expect(esm.defaultGenerator()).toBe(cjs.defaultGenerator());
    for (const [, a, b] of both) {
      a.manualSeed(7);
      const first = new b.nn.Dropout(0.5).forward(b.ones([40])).dataSync();
      b.manualSeed(7);
      expect(new a.nn.Dropout(0.5).forward(a.ones([40])).dataSync()).toEqual(first);
      expect(a.defaultGenerator().call).toBe(1n);
    }
  });

  test("have one default backend, and one device for it", () => {
    const backend = { ...esm.cpu, name: "common" };
    esm.setDefaultBackend(backend);
    expect(cjs.getDefaultBackend()).toBe(backend);
    const x = cjs.ones([4]);
    expect(x.backend).toBe(backend);
    expect(esm.memory()).toEqual(cjs.memory());
    expect(esm.memory().tensors).toBe(1);
  });

  test("have one grad mode and one tidy", () => {
    for (const [, a, b] of both) {
      const x = a.ones([2], { requiresGrad: true });
      expect(a.noGrad(() => [b.isGradEnabled(), x.mul(2).requiresGrad, b.functional.relu(x).requiresGrad])).toEqual([false, false, false]);
      const inside: Core.Tensor[] = [];
      const kept = a.tidy(() => {
        inside.push(b.ones([1]), b.functional.relu(x));
        return b.ones([1]);
      });
      expect(inside.map((t) => t.isDisposed)).toEqual([true, true]);
      expect(kept.isDisposed).toBe(false);
    }
  });

  test.each(both)("%s takes the other's tensors, generators, modules, parameters and datasets", (_, a, b) => {
    const x = b.tensor(
      [
        [1, 2],
        [3, 4],
      ],
      { requiresGrad: true },
    );
    expect(a.isTensor(x)).toBe(true);
    const layer = new b.nn.Linear(2, 2);
    const model = new a.nn.Sequential(layer, new a.nn.ReLU(), new b.nn.Dropout({ p: 0.5, generator: new a.Generator(1) }));
    expect([...model.parameters()]).toEqual([layer.weight, layer.bias]);
    expect(model.eval().training || layer.training).toBe(false);
    const optimizer = new a.optim.Adam(model.parameters());
    const loss = a.functional.mseLoss(a.cat([model.forward(x), b.zeros([1, 2])]), b.ones([3, 2]));
    loss.backward();
    optimizer.step();
    expect(x.grad?.shape).toEqual([2, 2]);
    expect(a.grad(b.functional.tanh(x).sum(), x)[0]?.shape).toEqual([2, 2]);
    const loader = new a.DataLoader(new b.TensorDataset(x), { generator: new b.Generator(2), shuffle: true });
    let batches = 0;
    for (const [row] of loader) batches += row.shape[0] as number;
    expect(batches).toBe(2);
    expect(a.functional.dropout(x, { p: 0.5, generator: new b.Generator(0) }).shape).toEqual([2, 2]);
  });

  test("tell errors apart by name", () => {
    for (const [, a, b] of both) expectRefusal(() => a.ones([2]).matmul(b.ones([3])), "ShapeError", "matmul: expected equal inner sizes");
  });
});

describe("the face for training", () => {
  test("profiles what either copy runs, one profile at a time", async () => {
    const profilers = [
      (await import(/* @vite-ignore */ new URL("../dist/train.js", import.meta.url).href)) as typeof Train,
      require("../dist/train.cjs") as typeof Train,
    ] as const;
    for (const [one, other] of [profilers, [...profilers].reverse() as [typeof Train, typeof Train]]) {
      const run = await one.profile(async () => {
        await expectRejection(
          other.profile(() => 1),
          "TypeError",
          "profile: expected no other profile to run",
        );
        return other.recordFunction("part", () => [esm.ones([2]), cjs.ones([2]).mul(2)].length);
      });
      const calls = run.keyAverages().map(({ name, calls }) => [name, calls]);
      expect(Object.fromEntries(calls)).toEqual({ fill: 2, mul: 1, part: 1 });
    }
  });

  test("trains and measures models, data and optimizers of either copy", async () => {
    const faces = [
      (await import(/* @vite-ignore */ new URL("../dist/train.js", import.meta.url).href)) as typeof Train,
      require("../dist/train.cjs") as typeof Train,
    ] as const;
    for (const [{ fit, evaluate, Accuracy, EarlyStopping }, core] of [[faces[0], cjs] as const, [faces[1], esm] as const]) {
      const model = new core.nn.Linear(2, 2);
      const loader = new core.DataLoader(new core.TensorDataset(core.ones([6, 2]), core.zeros([6], { dtype: "int32" })), { batchSize: 2 });
      const history = await fit(model, loader, {
        loss: new core.nn.CrossEntropyLoss(),
        optimizer: new core.optim.SGD(model.parameters(), { lr: 1 }),
        epochs: 9,
        validate: () => evaluate(model, loader, { accuracy: new Accuracy() }),
        monitor: ({ validation }) => validation.accuracy,
        earlyStopping: new EarlyStopping({ mode: "max", patience: 2 }),
      });
      expect(history.at(-1)?.validation).toEqual({ accuracy: 1 });
      expect(history.length).toBeLessThan(9);
    }
  });
});

describe("the backend face", () => {
  test("shares its classes with the other face of the same format", async () => {
    const backend = require("../dist/backend.cjs") as typeof import("./backend/index");
    expect(backend.cpu).toBe(cjs.cpu);
    expect(backend.ShapeError).toBe(cjs.ShapeError);
    expect(backend.thresholdOf(0.5)).toBe(0x7fffffc0);
  });
});
