import { describe, expect, test } from "vitest";
import { type Backend, cpu, functional as F, memory, nn, ones, stack, type Tensor, tensor, zeros } from "../index";
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

/** Of the kernels of `cpu`, with memory of its own. */
const elsewhere: Backend = { ...cpu, name: "elsewhere" };
const losses = ["mseLoss", "l1Loss", "smoothL1Loss", "binaryCrossEntropy", "binaryCrossEntropyWithLogits", "crossEntropy"] as const;

describe("what is made of several steps refuses under its own name", () => {
  const gone = zeros([2, 2]);
  gone.dispose();
  const ofOne: [string, (x: Tensor) => unknown][] = [
    ...(["gelu", "silu", "selu", "leakyRelu", "elu"] as const).map((name): [string, (x: Tensor) => unknown] => [name, (x) => F[name](x)]),
    ["logSoftmax", (x) => F.logSoftmax(x, { dim: 0 })],
    ["gather", (x) => F.gather(x, 0, tensor(new Int32Array(4), { shape: [2, 2] }))],
    ["mean", (x) => x.mean()],
    ["transpose", (x) => x.transpose(0, 1)],
    ["squeeze", (x) => x.squeeze()],
    ["unsqueeze", (x) => x.unsqueeze(0)],
    ["contiguous", (x) => x.contiguous()],
    ["type", (x) => x.type("float32")],
    ["stack", (x) => stack([x, x])],
    ["Identity", (x) => new nn.Identity().forward(x)],
    ["Flatten", (x) => new nn.Flatten({ startDim: 0 }).forward(x)],
    ...losses.flatMap((name): [string, (x: Tensor) => unknown][] => [
      [name, (bad) => F[name](bad, x)],
      [name, (bad) => F[name](x, bad)],
    ]),
  ];

  test.each(ofOne)("a disposed tensor: %s", (name, call) => {
    expectRefusal(() => call(gone), "DisposedError", `${name}: expected a live tensor`);
  });

  test.each([...losses, "stack"] as const)("a tensor of another backend, with nothing left behind: %s", (name) => {
    const there = zeros([2, 2], { backend: elsewhere });
    const before = [memory().tensors, memory(elsewhere).tensors];
    for (const [a, b] of [[x, there] as const, [there, x] as const])
      expectRefusal(
        () => (name === "stack" ? stack([a, b]) : F[name](a, b)),
        "BackendMismatchError",
        `${name}: expected tensors of one backend`,
      );
    expect([memory().tensors, memory(elsewhere).tensors]).toEqual(before);
    there.dispose();
  });

  test("integers where a mean or a logarithm is taken", () => {
    const numbers = tensor(new Int32Array(4), { shape: [2, 2] });
    const classes = tensor(new Int32Array(2));
    for (const [name, call] of [
      ["mseLoss", () => F.mseLoss(numbers, numbers)],
      ["nllLoss", () => F.nllLoss(numbers, classes)],
      ["crossEntropy", () => F.crossEntropy(numbers, classes)],
      ["crossEntropy", () => F.crossEntropy(numbers, x)],
    ] as const)
      expectRefusal(call, "TypeError", `${name}: expected a float tensor, got int32`);
  });
});
