import { describe, expect, test } from "vitest";
import { cat, functional as F, nn, ones, optim, stack, type Tensor, tensor } from "../index";
import { blindBackend, hostBackend } from "../testing/backends";
import { expectRefusal } from "../testing/refusal";

const other = hostBackend();
const here = (shape: number[]) => ones(shape);
const there = (shape: number[]) => ones(shape, { backend: other });
const classes = (backend = other) => tensor(new Int32Array(2), { backend });

describe("tensors of two backends are refused, both named, by", () => {
  const meetings: [string, () => unknown][] = [
    ...(["add", "sub", "mul", "div", "pow", "eq", "lt"] as const).map((op): [string, () => unknown] => [
      op,
      () => here([2])[op](there([2])),
    ]),
    ["add with another dtype", () => here([2]).add(there([2]).type("int32"))],
    ["minimum", () => F.minimum(here([2]), there([2]))],
    ["maximum", () => F.maximum(here([2]), there([2]))],
    ["matmul", () => here([2, 2]).matmul(there([2, 2]))],
    ["linear's weight", () => F.linear(here([2, 2]), there([2, 2]))],
    ["linear's bias", () => F.linear(here([2, 2]), here([2, 2]), there([2]))],
    ["where's condition", () => here([2]).where(there([2]).gt(0), 0)],
    ["where's choice", () => here([2]).where(here([2]).gt(0), there([2]))],
    ["cat", () => cat([here([2]), there([2])])],
    ["stack", () => stack([here([2]), here([2]), there([2])])],
    ["gather", () => F.gather(here([2]), 0, classes())],
    ["mseLoss", () => F.mseLoss(here([2]), there([2]))],
    ["l1Loss", () => F.l1Loss(here([2]), there([2]))],
    ["smoothL1Loss", () => F.smoothL1Loss(here([2]), there([2]))],
    ["binaryCrossEntropy", () => F.binaryCrossEntropy(here([2]), there([2]))],
    ["binaryCrossEntropyWithLogits", () => F.binaryCrossEntropyWithLogits(here([2]), there([2]))],
    ["crossEntropy", () => F.crossEntropy(here([2, 3]), classes())],
    ["crossEntropy of distributions", () => F.crossEntropy(here([2, 3]), there([2, 3]))],
    ["nllLoss", () => F.nllLoss(here([2, 3]), classes())],
    ["nn.Linear", () => new nn.Linear(2, 2).forward(there([2, 2]))],
    ["loadStateDict", () => new nn.Linear(2, 2).loadStateDict({ weight: there([2, 2]), bias: there([2]) })],
    [
      "backward",
      () =>
        ones([2], { requiresGrad: true })
          .mul(2)
          .backward(there([2])),
    ],
    [
      "clipGradNorm",
      () => {
        const params = [here([2]), there([2])];
        for (const x of params) {
          x.requiresGrad = true;
          x.sum().backward();
        }
        nn.clipGradNorm(params, 0.1);
      },
    ],
    [
      "an optimizer's step",
      () => {
        const x = ones([2], { requiresGrad: true });
        x.grad = there([2]);
        new optim.SGD([x], { lr: 0.1 }).step();
      },
    ],
  ];

  test.each(meetings)("%s", (_, meet) => {
    const error = expectRefusal(
      meet,
      "BackendMismatchError",
      "expected tensors of one backend, got",
      "cpu",
      "second",
      "move one of them with await tensor.to(backend)",
    );
    expect([...(error as unknown as { backends: string[] }).backends].sort()).toEqual(["cpu", "second"]);
  });

  test("two backends of one name, too: a backend is the object, not its name, and the message tells them apart", () => {
    const [a, b, c] = ["twin", "twin", "twin"].map((name) => ones([2], { backend: hostBackend(name) })) as [Tensor, Tensor, Tensor];
    const error = expectRefusal(
      () => a.add(b),
      "BackendMismatchError",
      "add: expected tensors of one backend, got twin and twin #2 - move one of them",
    );
    expect((error as unknown as { backends: string[] }).backends).toEqual(["twin", "twin #2"]);
    expectRefusal(() => c.mul(a), "BackendMismatchError", "got twin #3 and twin -");
    expectRefusal(() => c.mul(here([2])), "BackendMismatchError", "got twin #3 and cpu - move");
  });

  test("a refused loadStateDict changes nothing", () => {
    const layer = new nn.Linear(2, 1);
    const before = [layer.weight, layer.bias as Tensor].map((x) => x.dataSync());
    expect(() => layer.loadStateDict({ weight: here([1, 2]), bias: there([1]) })).toThrow("one backend");
    expect([layer.weight, layer.bias as Tensor].map((x) => x.dataSync())).toEqual(before);
  });

  test("a refused clipGradNorm changes no gradient", () => {
    const params = [here([2]), there([2])];
    for (const x of params) {
      x.requiresGrad = true;
      x.sum().backward();
    }
    expect(() => nn.clipGradNorm(params, 0.1)).toThrow("one backend");
    for (const x of params) expect([...(x.grad as Tensor).dataSync()]).toEqual([1, 1]);
  });

  test("an optimizer whose saved state lies elsewhere", () => {
    const make = (backend = other) => {
      const x = ones([2], { requiresGrad: true, backend });
      const optimizer = new optim.SGD([x], { lr: 0.1, momentum: 0.9 });
      x.sum().backward();
      optimizer.step();
      return { x, optimizer };
    };
    const source = make(blindBackend("elsewhere") as never);
    const target = make();
    const before = target.x.dataSync();
    expectRefusal(
      () => target.optimizer.loadStateDict(source.optimizer.stateDict()),
      "BackendMismatchError",
      "loadStateDict: expected tensors of one backend, got second and elsewhere",
    );
    target.optimizer.step(); // its own state is still there
    expect(target.x.dataSync()).not.toEqual(before);
  });
});
