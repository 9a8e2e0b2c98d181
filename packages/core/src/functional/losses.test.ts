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

  test.each([3, -1, -99])("refuse the class %i", (bad) => {
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

  test("leave out samples of the ignored class, which get no gradient, and average by the weight of the others", () => {
    const x = tensor([[1, 2, 3], [1, 1, 1], [9, -9, 0]], { requiresGrad: true }); // biome-ignore format: rows
    const loss = F.crossEntropy(x, ints([2, 0, -100]), { weight: tensor([3, 1, 2]) });
    const [first, second] = [Math.log(1 + Math.exp(-1) + Math.exp(-2)), Math.log(3)];
    expectClose([loss.itemSync()], [(2 * first + 3 * second) / 5]);
    loss.backward();
    expect([...(x.grad as Tensor).dataSync().slice(6)].every((v) => v === 0)).toBe(true);
    expectClose([F.crossEntropy(x, ints([2, 0, 1]), { ignoreIndex: 1 }).itemSync()], [(first + second) / 2]);
  });

  test("of ignored samples alone are NaN by the mean, 0 by the sum, as in PyTorch", () => {
    const none = ints([-100, -100]);
    for (const options of [{}, { weight: ones([3]) }, { labelSmoothing: 0.2 }]) {
      expect(F.crossEntropy(logits, none, options).itemSync()).toBeNaN();
      expect(F.crossEntropy(logits, none, { ...options, reduction: "sum" }).itemSync() + 0).toBe(0);
    }
    expect(F.nllLoss(logits, none).itemSync()).toBeNaN();
  });

  test("let no infinite loss of an ignored sample through", () => {
    const x = tensor([[Number.NEGATIVE_INFINITY, 0], [0, 0]], { requiresGrad: true }); // biome-ignore format: rows
    const loss = F.crossEntropy(x, ints([-100, 0]), { labelSmoothing: 0.1, reduction: "sum" });
    expectClose([loss.itemSync()], [Math.log(2)]);
  });

  test("compute the same where nothing can be looked at as where it can", () => {
    const [x, weight] = [tensor([[1, 2, 3], [0, 1, 1]]), tensor([0.5, 1, 2])]; // biome-ignore format: rows
    const seen = F.crossEntropy(x, ints([2, 0]), { weight, labelSmoothing: 0.1 }).itemSync();
    const apart = F.crossEntropy(
      tensor([[1, 2, 3], [0, 1, 1], [5, 5, 5]]), // biome-ignore format: rows
      ints([2, 0, 7]),
      { weight, labelSmoothing: 0.1, ignoreIndex: 7 },
    ).itemSync();
    expectClose([apart], [seen]);
  });

  test("refuse weights of another shape, and classes to ignore that are no integers or beside probabilities", () => {
    for (const weight of [ones([2]), ones([3, 1]), ones([])]) {
      expectRefusal(
        () => F.nllLoss(logits, ints([0, 1]), { weight }),
        "ShapeError",
        "nllLoss: expected weight of shape [3], one for each class",
      );
      expectRefusal(() => F.crossEntropy(logits, ones([2, 3]), { weight }), "ShapeError", "crossEntropy: expected weight of shape [3]");
    }
    expectRefusal(
      () => F.nllLoss(logits, ints([0, 1]), { ignoreIndex: 0.5 }),
      "RangeError",
      "nllLoss: expected ignoreIndex to be an integer",
    );
    expectRefusal(
      () => F.crossEntropy(logits, ones([2, 3]), { ignoreIndex: 0 }),
      "RangeError",
      "crossEntropy: expected ignoreIndex below 0 beside probabilities, got 0",
    );
  });
});

describe("weights of binary cross entropy", () => {
  const [x, y] = [tensor([[-1, 2], [0.5, 0]]), tensor([[0, 1], [0.25, 1]])]; // biome-ignore format: rows

  test("multiply what they broadcast to; the mean counts elements", () => {
    const weight = tensor([2, 0]);
    for (const name of ["binaryCrossEntropy", "binaryCrossEntropyWithLogits"] as const) {
      const input = name === "binaryCrossEntropy" ? F.sigmoid(x) : x;
      const [a, , b] = F[name](input, y, { reduction: "none" }).dataSync();
      expectClose([F[name](input, y, { weight }).itemSync()], [((a as number) + (b as number)) / 2]);
      expectRefusal(() => F[name](input, y, { weight: ones([3]) }), "ShapeError", `${name}: expected shapes that broadcast`);
      expectRefusal(() => F[name](input, y, { weight: ones([1, 2, 2]) }), "ShapeError", `${name}: expected weight to broadcast to [2, 2]`);
    }
  });

  test("posWeight 0 takes the positive part away", () => {
    const loss = F.binaryCrossEntropyWithLogits(x, y, { posWeight: zeros([2]), reduction: "none" });
    expectClose(loss.dataSync(), [Math.log1p(Math.exp(-1)), 0, 0.75 * Math.log1p(Math.exp(0.5)), 0]);
  });

  test("refuses probabilities outside [0, 1], of input and target, and lets NaN pass", () => {
    expectRefusal(() => F.binaryCrossEntropy(x, y), "RangeError", "binaryCrossEntropy: expected probabilities in [0, 1], got -1");
    expectRefusal(() => F.binaryCrossEntropy(y, x), "RangeError", "binaryCrossEntropy: expected probabilities in [0, 1], got -1");
    expect(F.binaryCrossEntropy(tensor([Number.NaN]), ones([1])).itemSync()).toBeNaN();
    const part = tensor([[-5, 0.5], [7, 0.5]]).slice(1, 1); // biome-ignore format: rows
    expectClose([F.binaryCrossEntropy(part, ones([2, 1])).itemSync()], [Math.log(2)]);
  });
});

describe("the losses of distributions and pairs", () => {
  const x = tensor([[0.2, 0.9], [0.5, 0.1]]); // biome-ignore format: rows

  test("klDivLoss counts a target of 0 as 0, with a finite gradient, and batchmean divides by the rows", () => {
    const target = tensor([[0, 1], [0.5, 0]], { requiresGrad: true }); // biome-ignore format: rows
    const loss = F.klDivLoss(x, target, { reduction: "batchmean" });
    expectClose([loss.itemSync()], [(-0.9 + 0.5 * (Math.log(0.5) - 0.5)) / 2]);
    loss.backward();
    expect([...(target.grad as Tensor).dataSync()].every(Number.isFinite)).toBe(true);
    expectRefusal(
      () => F.klDivLoss(x, target, { reduction: "batch" as never }),
      "RangeError",
      'klDivLoss: expected reduction "mean", "batchmean"',
    );
  });

  test("gaussianNllLoss refuses variances below 0 and of other shapes; poissonNllLoss adds Stirling's formula above 1", () => {
    const op = "gaussianNllLoss";
    expectRefusal(() => F[op](x, x, tensor([1, -1])), "RangeError", `${op}: expected a variance of 0 or more, got -1`);
    expectRefusal(() => F[op](x, x, ones([1, 2])), "ShapeError", `${op}: expected a variance of shape [2, 2], or one for each row`);
    expectRefusal(() => F[op](x, x, ones([2]), { eps: 0 }), "RangeError", `${op}: expected eps above 0, got 0`);
    const counts = tensor([1, 3]);
    const more = F.poissonNllLoss(zeros([2]), counts, { full: true, reduction: "none" }).dataSync();
    expectClose(more, [1, 1 + 3 * Math.log(3) - 3 + 0.5 * Math.log(6 * Math.PI)]);
  });

  test("refuse shapes that do not fit, and margins and deltas out of range", () => {
    expectRefusal(
      () => F.cosineEmbeddingLoss(x, x, ones([2, 1])),
      "ShapeError",
      "cosineEmbeddingLoss: expected inputs [N, D] and a target [N]",
    );
    expectRefusal(
      () => F.marginRankingLoss(x, x, ones([2])),
      "ShapeError",
      "marginRankingLoss: expected a target of shape [2, 2], got [2]",
    );
    expectRefusal(
      () => F.tripletMarginLoss(x, x, ones([2])),
      "ShapeError",
      "tripletMarginLoss: expected the negative of shape [2, 2], got [2]",
    );
    expectRefusal(() => F.tripletMarginLoss(x, x, x, { margin: 0 }), "RangeError", "tripletMarginLoss: expected margin above 0, got 0");
    expectRefusal(() => F.huberLoss(x, x, { delta: 0 }), "RangeError", "huberLoss: expected delta above 0, got 0");
    expectRefusal(() => F.cosineSimilarity(x, ones([3])), "ShapeError", "cosineSimilarity: expected shapes that broadcast");
  });

  test("tripletMarginLoss with swap takes the smaller of the negative's distances", () => {
    const [a, p, n] = [tensor([[0, 0]]), tensor([[0, 3]]), tensor([[0, 5]])];
    expectClose([F.tripletMarginLoss(a, p, n).itemSync(), F.tripletMarginLoss(a, p, n, { swap: true }).itemSync()], [0, 2], { atol: 1e-5 });
  });
});
