import { describe, expect, test } from "vitest";
import { cpu, functional as F, Generator, gradcheck, gradgradcheck, ones, randn, type Tensor, tensor, zeros } from "../index";
import { blindBackend } from "../testing/backends";
import { expectRefusal } from "../testing/refusal";

const indices = (...values: number[]) => tensor(new Int32Array(values));

describe("embedding", () => {
  test.each([null, 2])("has gradients of all orders, for paddingIdx = %s", (paddingIdx) => {
    const weight = randn([4, 3], { dtype: "float64", requiresGrad: true, generator: new Generator(1) });
    // Without the padding row, whose gradient is not that of its values.
    const fn = (w: Tensor) => F.embedding(indices(0, 3, 1, 0), w.mul(w), { paddingIdx });
    expect(gradcheck(fn, [weight])).toBe(true);
    expect(gradgradcheck(fn, [weight])).toBe(true);
  });

  test.each([1, -2])("gives the padding row its values and no gradient, named %s", (paddingIdx) => {
    const weight = tensor([[1], [2], [3]], { requiresGrad: true });
    const y = F.embedding(indices(1, 0, 1, 2, 2), weight, { paddingIdx });
    expect([...y.dataSync()]).toEqual([2, 1, 2, 3, 3]);
    y.sum().backward();
    expect([...(weight.grad?.dataSync() ?? [])]).toEqual([1, 0, 2]);
  });

  test("takes an index of any shape, also of none and of nothing", () => {
    const weight = ones([3, 2]);
    expect(F.embedding(tensor(1, { dtype: "int32" }), weight).shape).toEqual([2]);
    expect(F.embedding(zeros([2, 0], { dtype: "int32" }), weight).shape).toEqual([2, 0, 2]);
    expect(F.embedding(zeros([0], { dtype: "int32" }), zeros([0, 2])).shape).toEqual([0, 2]);
    expect(F.embedding(zeros([2, 1, 3], { dtype: "int32" }), weight).shape).toEqual([2, 1, 3, 2]);
  });

  test("refuses indices and padding that are not there, under its own name", () => {
    const weight = ones([3, 2]);
    for (const bad of [3, -1])
      expectRefusal(() => F.embedding(indices(0, bad), weight), "RangeError", "embedding: expected indices in [0, 3)", `${bad}`);
    for (const paddingIdx of [3, -4, 0.5])
      expectRefusal(() => F.embedding(indices(0), weight, { paddingIdx }), "RangeError", "embedding: expected paddingIdx");
    expectRefusal(() => F.embedding(ones([2]), weight), "TypeError", "embedding: expected an int32 index, got float32");
    expectRefusal(() => F.embedding(indices(0), ones([3])), "ShapeError", "embedding: expected a weight of (rows, features)", "[3]", "[1]");
    expectRefusal(
      () => F.embedding(indices(0), zeros([3, 2], { backend: { ...cpu, name: "there" } })),
      "BackendMismatchError",
      "embedding",
    );
  });
});

describe("oneHot", () => {
  test("counts the classes where it is not told, and has no gradient", () => {
    const y = F.oneHot(indices(2, 0).reshape([2, 1]));
    expect([y.shape, y.dtype, y.requiresGrad, [...y.dataSync()]]).toEqual([[2, 1, 3], "int32", false, [0, 0, 1, 1, 0, 0]]);
    expect(F.oneHot(indices(0), { numClasses: 4 }).shape).toEqual([1, 4]);
    expect(F.oneHot(zeros([0], { dtype: "int32" }), { numClasses: 2 }).shape).toEqual([0, 2]);
  });

  test("refuses what is no class", () => {
    expectRefusal(() => F.oneHot(indices(3), { numClasses: 3 }), "RangeError", "oneHot: expected indices in [0, 3), got 3");
    expectRefusal(() => F.oneHot(indices(-1)), "RangeError", "oneHot: expected indices");
    expectRefusal(() => F.oneHot(indices(0), { numClasses: 0 }), "RangeError", "oneHot: expected numClasses");
    expectRefusal(() => F.oneHot(zeros([0], { dtype: "int32" })), "RangeError", "oneHot: expected numClasses");
    expectRefusal(() => F.oneHot(ones([1])), "TypeError", "oneHot: expected an int32 index");
  });

  test("asks for the number of classes where the host cannot look", async () => {
    const backend = blindBackend() as unknown as typeof cpu;
    const index = tensor(new Int32Array([1]), { backend });
    expectRefusal(() => F.oneHot(index), "UnsupportedOpError", "oneHot: expected numClasses on blind");
    expect([...(await F.oneHot(index, { numClasses: 2 }).data())]).toEqual([0, 1]);
  });
});
