import { describe, expect, test } from "vitest";
import { functional as F, ones, type Tensor, tensor, zeros } from "../index";
import { expectClose } from "../testing/close";
import { expectRefusal } from "../testing/refusal";

const ints = (values: number[], shape?: number[]) => tensor(new Int32Array(values), shape && { shape });
const ELEMENTWISE = ["mseLoss", "l1Loss", "smoothL1Loss", "binaryCrossEntropy", "binaryCrossEntropyWithLogits"] as const;

describe.each(ELEMENTWISE)("%s", (name) => {
  const [x, y] = [
    tensor([
      [0.2, 0.9],
      [0.5, 0.1],
    ]),
    tensor([
      [0, 1],
      [0.25, 1],
    ]),
  ];

  test("reduces by the mean, as default, the sum or not at all", () => {
    const each = F[name](x, y, { reduction: "none" });
    expect(each.shape).toEqual([2, 2]);
    const total = [...each.dataSync()].reduce((a, b) => a + b);
    expectClose([F[name](x, y).itemSync(), F[name](x, y, { reduction: "sum" }).itemSync()], [total / 4, total]);
    expect(F[name](x, y).shape).toEqual([]);
  });

  test("refuses shapes that differ, since losses do not broadcast, and unknown reductions", () => {
    expectRefusal(
      () => F[name](ones([2]), ones([2, 1])),
      "ShapeError",
      `${name}: expected a target of shape [2], got [2, 1] - reshape one of them; losses do not broadcast`,
    );
    expectRefusal(
      () => F[name](x, y, { reduction: "max" as never }),
      "RangeError",
      `${name}: expected reduction "mean", "sum" or "none", got "max"`,
    );
  });
});

describe("smoothL1Loss", () => {
  test("with beta 0 is l1Loss; joins without a step; refuses a negative beta", () => {
    const [x, y] = [tensor([0, 0.5, 3]), zeros([3])];
    expect(F.smoothL1Loss(x, y, { beta: 0 }).itemSync()).toBe(F.l1Loss(x, y).itemSync());
    const near = F.smoothL1Loss(tensor([1.9999, 2.0001]), zeros([2]), { beta: 2, reduction: "none" }).dataSync();
    expect(Math.abs((near[0] as number) - (near[1] as number))).toBeLessThan(1e-3);
    expectRefusal(() => F.smoothL1Loss(x, y, { beta: -1 }), "RangeError", "smoothL1Loss: expected beta of 0 or more, got -1");
  });
});

describe("binary cross entropy", () => {
  test("of certain and wrong probabilities is bounded at 100, its gradient finite", () => {
    const p = tensor([0, 1, 0, 1], { requiresGrad: true });
    const loss = F.binaryCrossEntropy(p, tensor([1, 0, 0, 1]), { reduction: "none" });
    expect([...loss.dataSync()].map((v) => v + 0)).toEqual([100, 100, 0, 0]);
    loss.sum().backward();
    expect([...(p.grad as Tensor).dataSync()].every(Number.isFinite)).toBe(true);
  });

  test("with logits does not overflow", () => {
    expectClose(F.binaryCrossEntropyWithLogits(tensor([1000, -1000]), tensor([0, 1]), { reduction: "none" }).dataSync(), [1000, 1000]);
  });
});

describe("crossEntropy and nllLoss", () => {
  const logits = tensor([
    [1, 2, 3],
    [1, 1, 1],
  ]);

  test("take classes by sample, a single sample, and further dimensions", () => {
    const expected = [Math.log(1 + Math.exp(-1) + Math.exp(-2)), Math.log(3)];
    expectClose(F.crossEntropy(logits, ints([2, 0]), { reduction: "none" }).dataSync(), expected);
    expectClose([F.crossEntropy(tensor([1, 2, 3]), ints([2], [])).itemSync()], [expected[0] as number]);
    const images = logits.unsqueeze(2).expand([2, 3, 4]);
    const loss = F.crossEntropy(images, ints([2, 2, 2, 2, 0, 0, 0, 0], [2, 4]), { reduction: "none" });
    expect(loss.shape).toEqual([2, 4]);
    expectClose(
      loss.dataSync(),
      expected.flatMap((v) => [v, v, v, v]),
    );
    expectClose(
      [F.nllLoss(F.logSoftmax(logits, { dim: 1 }), ints([2, 0])).itemSync()],
      [((expected[0] as number) + (expected[1] as number)) / 2],
    );
  });

  test("take distributions, of which classes are the sharp ones", () => {
    const sharp = tensor([
      [0, 0, 1],
      [1, 0, 0],
    ]);
    for (const labelSmoothing of [0, 0.3]) {
      expectClose(
        [F.crossEntropy(logits, sharp, { labelSmoothing }).itemSync()],
        [F.crossEntropy(logits, ints([2, 0]), { labelSmoothing }).itemSync()],
      );
    }
  });

  test.each([3, -1, -100])("refuse the class %i", (bad) => {
    expectRefusal(() => F.crossEntropy(logits, ints([0, bad])), "RangeError", `crossEntropy: expected classes from 0 to 2, got ${bad}`);
    expectRefusal(() => F.nllLoss(logits, ints([bad, 0])), "RangeError", `nllLoss: expected classes from 0 to 2, got ${bad}`);
  });

  test("refuse shapes that do not fit, other integer types, and options out of range", () => {
    for (const [name, loss] of [
      ["crossEntropy", F.crossEntropy],
      ["nllLoss", F.nllLoss],
    ] as const) {
      expectRefusal(() => loss(logits, ints([0])), "ShapeError", `${name}: expected int32 classes [2]`, "for [2, 3], got int32 [1]");
      expectRefusal(() => loss(tensor(1), ints([0], [])), "ShapeError", `${name}: expected int32 classes`);
      expectRefusal(
        () => loss(logits, tensor([true, false])),
        "TypeError",
        `${name}: expected int32 classes, got bool - make them with tensor(labels, { dtype: "int32" })`,
      );
      expectRefusal(() => loss(logits, ints([0, 1]), { reduction: "avg" as never }), "RangeError", `${name}: expected reduction`);
    }
    expectRefusal(
      () => F.crossEntropy(logits, ones([2, 2])),
      "ShapeError",
      "crossEntropy: expected int32 classes [2] or probabilities [2, 3] for [2, 3], got float32 [2, 2]",
    );
    for (const labelSmoothing of [-0.1, 1.1, Number.NaN]) {
      expectRefusal(
        () => F.crossEntropy(logits, ints([0, 1]), { labelSmoothing }),
        "RangeError",
        `crossEntropy: expected labelSmoothing ${Number.isNaN(labelSmoothing) ? "to be a number" : "in [0, 1]"}, got ${labelSmoothing}`,
      );
    }
  });
});
