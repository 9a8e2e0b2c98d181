import { describe, test } from "vitest";
import { functional as F, ones, tensor } from "../index";
import { expectRefusal } from "../testing/refusal";

const x = ones([2, 2]);
const index = tensor(new Int32Array(2));

describe("functions refuse what is no tensor, and name themselves", () => {
  const calls: [string, (bad: never) => unknown][] = [
    ...(["relu", "sigmoid", "tanh", "softplus"] as const).map((name): [string, (bad: never) => unknown] => [name, (bad) => F[name](bad)]),
    ["softmax", (bad) => F.softmax(bad, { dim: 0 })],
    ["logSoftmax", (bad) => F.logSoftmax(bad, { dim: 0 })],
    ["linear", (bad) => F.linear(bad, x)],
    ["linear", (bad) => F.linear(x, bad)],
    ["linear", (bad) => F.linear(x, x, bad)],
    ["gather", (bad) => F.gather(bad, 0, index)],
    ["gather", (bad) => F.gather(x, 0, bad)],
    ["where", (bad) => F.where(bad, x, x)],
    ["minimum", (bad) => F.minimum(bad, x)],
    ...(
      ["mseLoss", "l1Loss", "smoothL1Loss", "binaryCrossEntropy", "binaryCrossEntropyWithLogits", "crossEntropy", "nllLoss"] as const
    ).flatMap((name): [string, (bad: never) => unknown][] => [
      [name, (bad) => F[name](bad, index)],
      [name, (bad) => F[name](x, bad)],
    ]),
  ];

  test.each(calls)("%s", (name, call) => {
    for (const bad of [[1, 2], "x", new Float32Array(2), {}]) {
      expectRefusal(() => call(bad as never), "TypeError", `${name}: expected`, "a Tensor, got", "make one with tensor(data)");
    }
  });
});
