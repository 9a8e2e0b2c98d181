import { describe, expect, test } from "vitest";
import { functional as F, nn, ones, type Tensor, tensor } from "../index";
import { expectRefusal } from "../testing/refusal";

const ints = (values: number[]) => tensor(new Int32Array(values));

describe("losses with weights", () => {
  test("hold them as buffers of PyTorch's names, apart from what the caller has", () => {
    const weight = new nn.Parameter(tensor([1, 2]));
    const loss = new nn.BCEWithLogitsLoss({ weight, posWeight: tensor([3, 1]), reduction: "sum" });
    expect(Object.keys(loss.stateDict())).toEqual(["weight", "pos_weight"]);
    expect([...loss.parameters()]).toEqual([]);
    loss.loadStateDict({ weight: new Float32Array([2, 2]), pos_weight: new Float32Array([3, 1]) });
    const [x, y] = [tensor([[1, -1]]), tensor([[1, 0]])];
    const expected = F.binaryCrossEntropyWithLogits(x, y, { weight: tensor([2, 2]), posWeight: tensor([3, 1]), reduction: "sum" });
    expect(loss.forward(x, y).itemSync()).toBe(expected.itemSync());
    expect(Object.keys(new nn.CrossEntropyLoss().stateDict())).toEqual([]);
  });

  test("compute what their functions do", () => {
    const options = { weight: tensor([1, 2, 3]), ignoreIndex: 1 };
    const x = tensor([[1, 2, 3], [3, 0, 1]]); // biome-ignore format: rows
    const y = ints([2, 1]);
    expect(new nn.CrossEntropyLoss(options).forward(x, y).itemSync()).toBe(F.crossEntropy(x, y, options).itemSync());
    expect(new nn.NLLLoss(options).forward(x, y).itemSync()).toBe(F.nllLoss(x, y, options).itemSync());
    const [p, t] = [tensor([0.2, 0.5, 0.9]), ones([3])];
    expect(new nn.BCELoss({ weight: options.weight }).forward(p, t).itemSync()).toBe(
      F.binaryCrossEntropy(p, t, { weight: options.weight }).itemSync(),
    );
  });
});

describe("the other losses", () => {
  const [a, b, c] = [tensor([[1, 2]]), tensor([[0, 3]]), tensor([[2, 5]])];
  const CASES: [string, Tensor, Tensor][] = [
    ["HuberLoss", new nn.HuberLoss({ delta: 0.5 }).forward(a, b), F.huberLoss(a, b, { delta: 0.5 })],
    ["KLDivLoss", new nn.KLDivLoss({ reduction: "batchmean" }).forward(a, b), F.klDivLoss(a, b, { reduction: "batchmean" })],
    ["GaussianNLLLoss", new nn.GaussianNLLLoss({ full: true }).forward(a, b, c), F.gaussianNllLoss(a, b, c, { full: true })],
    ["PoissonNLLLoss", new nn.PoissonNLLLoss({ logInput: false }).forward(a, b), F.poissonNllLoss(a, b, { logInput: false })],
    [
      "CosineEmbeddingLoss",
      new nn.CosineEmbeddingLoss({ margin: 0.5 }).forward(a, b, tensor([-1])),
      F.cosineEmbeddingLoss(a, b, tensor([-1]), { margin: 0.5 }),
    ],
    [
      "MarginRankingLoss",
      new nn.MarginRankingLoss({ margin: 2 }).forward(a, b, ones([1, 2])),
      F.marginRankingLoss(a, b, ones([1, 2]), { margin: 2 }),
    ],
    [
      "TripletMarginLoss",
      new nn.TripletMarginLoss({ margin: 9, p: 1 }).forward(a, b, c),
      F.tripletMarginLoss(a, b, c, { margin: 9, p: 1 }),
    ],
    ["CosineSimilarity", new nn.CosineSimilarity({ dim: -1 }).forward(a, b), F.cosineSimilarity(a, b, { dim: -1 })],
  ];

  test.each(CASES)("%s computes what its function does", (_, module, expected) => {
    expect(module.itemSync()).toBe(expected.itemSync());
    expect(module.itemSync()).not.toBe(0);
  });

  test("refuse options when they are made", () => {
    expectRefusal(() => new nn.HuberLoss({ delta: -1 }), "RangeError", "HuberLoss: expected delta above 0, got -1");
    expectRefusal(() => new nn.KLDivLoss({ reduction: "avg" as never }), "RangeError", 'KLDivLoss: expected reduction "mean", "batchmean"');
    expectRefusal(() => new nn.GaussianNLLLoss({ eps: 0 }), "RangeError", "GaussianNLLLoss: expected eps above 0, got 0");
    expectRefusal(() => new nn.TripletMarginLoss({ margin: 0 }), "RangeError", "TripletMarginLoss: expected margin above 0, got 0");
    expectRefusal(() => new nn.NLLLoss({ ignoreIndex: 0.5 }), "RangeError", "NLLLoss: expected ignoreIndex to be an integer");
  });
});
