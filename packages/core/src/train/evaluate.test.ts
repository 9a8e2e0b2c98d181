import { describe, expect, test } from "vitest";
import { functional as F, isGradEnabled, memory, nn, ones, type Tensor, tensor, zeros } from "../index";
import { expectRejection } from "../testing/refusal";
import { Accuracy, evaluate, MeanLoss, type MetricLike } from "./index";

const loader = [
  [ones([4, 2]), tensor(new Int32Array([0, 1, 0, 1]))],
  [zeros([2, 2]), tensor(new Int32Array([0, 0]))],
] as const;

function model() {
  const net = new nn.Sequential(new nn.Linear(2, 2), new nn.Dropout(0.9));
  net.loadStateDict({ "0.weight": new Float32Array([1, 0, 0, 3]), "0.bias": new Float32Array(2) });
  return net;
}

describe("evaluate", () => {
  test("gives the value of each metric over the whole loader, without dropout or gradients, and leaves nothing", async () => {
    const net = model();
    net.at(1)?.eval();
    const before = memory().tensors;
    const seen: boolean[] = [];
    const spy: MetricLike<string> = {
      update: (output: Tensor) => void seen.push(output.requiresGrad, isGradEnabled(), net.training),
      compute: () => "done",
      reset: () => void seen.push(true),
    };
    const metrics = { loss: new MeanLoss(F.crossEntropy), accuracy: new Accuracy(), spy };
    const { loss, accuracy, spy: text } = await evaluate(net, loader, metrics);
    const wrong = Math.log(1 + Math.exp(2));
    expect(loss).toBeCloseTo((2 * wrong + 2 * (wrong - 2) + 2 * Math.LN2) / 6, 6);
    expect(accuracy).toBeCloseTo(4 / 6, 12);
    expect(text).toBe("done");
    expect(seen).toEqual([true, ...Array(6).fill(false), true]);
    expect([net.training, net.at(1)?.training]).toEqual([true, false]);
    expect(memory().tensors).toBe(before);
    // Begins anew.
    expect(await evaluate(net, loader, { accuracy: metrics.accuracy })).toEqual({ accuracy });
  });

  test("frees what metrics hold where the loader, the model or a metric fails, and gives flags back", async () => {
    const net = model();
    const accuracy = new Accuracy();
    const narrow = [ones([1, 3]), tensor(new Int32Array(1))] as const;
    const before = memory().tensors;
    const broken = (function* () {
      yield* loader;
      throw new Error("lost");
    })();
    await expectRejection(evaluate(net, broken, { accuracy }), "Error", "lost");
    await expectRejection(evaluate(net, [loader[0], narrow], { accuracy }), "ShapeError");
    const bad = { update: () => {}, compute: () => Promise.reject(new Error("no value")), reset: () => {} };
    await expectRejection(evaluate(net, loader, { accuracy, bad }), "Error", "no value");
    expect(memory().tensors).toBe(before);
    expect(net.training).toBe(true);
    await expectRejection(accuracy.compute(), "TypeError", "got none");
  });

  test("refuses what is no model, loader, metric or signal, and a loader with nothing", async () => {
    const refused = (args: readonly unknown[], ...parts: string[]) =>
      expectRejection((evaluate as (...args: unknown[]) => Promise<unknown>)(...args), "TypeError", ...parts);
    await refused([ones([1]), loader, {}], "evaluate: expected a model that is a Module, got a Tensor [1]");
    await refused([model(), null, {}], "evaluate: expected batches to loop over, got null");
    await refused([model(), loader, new Accuracy()], "evaluate: expected metrics as { name: metric }");
    await refused([model(), loader, { accuracy: Accuracy }], "evaluate: expected accuracy to be a metric, with update, compute and reset");
    await refused([model(), loader, {}, { signal: 1 }], "evaluate: expected signal to be an AbortSignal, got 1");
    await refused([model(), [], {}], "evaluate: expected a loader that gives batches, got none");
    await refused([model(), [ones([1, 2])], {}], "evaluate: expected batches as [input, target], got a Tensor [1, 2]");
  });
});
