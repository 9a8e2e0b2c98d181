import { describe, expect, test } from "vitest";
import { functional as F, memory, ones, type Tensor, tensor, tidy, zeros } from "../index";
import { blindBackend, hostBackend } from "../testing/backends";
import { expectClose } from "../testing/close";
import { expectRefusal } from "../testing/refusal";

const list = (x: Tensor | null) => [...(x as Tensor).dataSync()];
const int = (x: Tensor) => x.type("int32");

describe("conv1d, conv2d and conv3d", () => {
  test("pad one more behind than before, where an even kernel keeps the size", () => {
    const kernel = tensor([[[1, 10, 100, 1000]]]);
    expect(list(F.conv1d(tensor([[1, 2, 3, 4]]), kernel, { padding: "same" }))).toEqual([3210, 4321, 432, 43]);
    expect(list(F.conv1d(tensor([[1, 2]]), tensor([[[1, 10]]]), { padding: "same" }))).toEqual([21, 2]);
    expect(F.conv2d(ones([1, 1, 5, 4]), ones([1, 1, 2, 4]), { padding: "same", dilation: [3, 1] }).shape).toEqual([1, 1, 5, 4]);
  });

  test("take a batch of none, and give the weight a gradient of 0", () => {
    const weight = ones([3, 2, 3, 3], { requiresGrad: true });
    const y = F.conv2d(zeros([0, 2, 4, 4]), weight, { bias: ones([3]) });
    expect(y.shape).toEqual([0, 3, 2, 2]);
    y.sum().backward();
    expect(list(weight.grad)).toEqual(Array(54).fill(0));
  });

  test("take one number in an array for every dimension, and strides beyond the input", () => {
    const x = ones([1, 1, 4, 4]);
    expect(F.conv2d(x, ones([1, 1, 3, 3]), { stride: [1], padding: [1] }).shape).toEqual([1, 1, 4, 4]);
    expect(list(F.conv2d(x, ones([1, 1, 1, 1]), { stride: 2 ** 40 + 3, dilation: 2 ** 40 }))).toEqual([1]);
  });

  test("meet in the wider of two float types", () => {
    expect(F.conv1d(ones([1, 2], { dtype: "float64" }), ones([1, 1, 1])).dtype).toBe("float64");
  });

  test("take strided inputs, and free all but their result", () => {
    const x = tensor([
      [1, 5],
      [2, 6],
      [3, 7],
    ]).transpose(0, 1);
    const weight = tensor([[[1, 10]], [[1, -1]]])
      .transpose(1, 2)
      .transpose(1, 2);
    const images = x.unsqueeze(0).transpose(0, 1);
    const { tensors } = memory();
    const y = F.conv1d(images, weight);
    expect(list(y)).toEqual([21, 32, -1, -1, 65, 76, -1, -1]);
    expect(memory().tensors).toBe(tensors + 1);
  });

  test("leave nothing behind in a tidy", () => {
    const [x, weight] = [ones([2, 4, 5, 5], { requiresGrad: true }), ones([4, 2, 3, 3], { requiresGrad: true })];
    const step = () => tidy(() => F.conv2d(x, weight, { groups: 2, padding: 1 }).sum().backward());
    step();
    const { tensors, bytes } = memory();
    for (let i = 0; i < 3; i++) step();
    expect(memory()).toMatchObject({ tensors, bytes });
  });

  test("refuse shapes that do not fit, with both of them", () => {
    const refuse = (x: readonly number[], weight: readonly number[], options: object, ...parts: string[]) =>
      expectRefusal(() => F.conv2d(zeros(x), zeros(weight), options), "ShapeError", "conv2d: expected", ...parts);
    refuse([1, 1, 2, 2], [1, 1, 3, 3], {}, "windows of [3, 3] for [2, 2]", "[1, 1, 2, 2] and [1, 1, 3, 3]");
    refuse([1, 1, 4, 4], [1, 1, 2, 3], { dilation: [1, 3] }, "windows of [2, 7] for [4, 4]");
    refuse([1, 3, 4, 4], [2, 2, 3, 3], {}, "[out, 3 / groups, ...kernel]", "got [2, 2, 3, 3] for an input of [1, 3, 4, 4]");
    refuse([1, 4, 4, 4], [3, 2, 3, 3], { groups: 2 }, "out a multiple of groups = 2", "got [3, 2, 3, 3]");
    refuse([1, 4, 4], [3, 4, 3], {}, "a weight of 4 dimensions", "[3, 4, 3]", "[1, 4, 4]");
    refuse([4, 4], [3, 4, 3, 3], {}, "[N, C, H, W] or [C, H, W]", "got [4, 4]");
    refuse([1, 0, 4, 4], [3, 0, 3, 3], {}, "no size of 0 but N, got [1, 0, 4, 4]");
    refuse([1, 1, 0, 4], [1, 1, 1, 1], { padding: 1 }, "no size of 0 but N, got [1, 1, 0, 4]");
    refuse([0, 4, 4], [1, 4, 1, 1], {}, "got [0, 4, 4]");
    refuse([1, 1, 4, 4], [1, 1, 0, 1], {}, "none of size 0, got [1, 1, 0, 1]");
    refuse([1, 1, 4, 4], [2, 1, 1, 1], { bias: ones([1]) }, "a bias of shape [2], got [1]", "[2, 1, 1, 1]");
    refuse([1, 1, 4, 4], [2, 1, 1, 1], { bias: ones([2, 1]) }, "a bias of shape [2], got [2, 1]");
  });

  test("refuse options out of range, and names that there are not", () => {
    const refuse = (options: object, name: string, message: string) =>
      expectRefusal(() => F.conv2d(ones([1, 1, 4, 4]), ones([1, 1, 3, 3]), options), name, `conv2d: expected ${message}`);
    refuse({ stride: 0 }, "RangeError", "stride to be a positive integer, got 0");
    refuse({ stride: [1, 2, 3] }, "RangeError", "stride to have 2 integers");
    refuse({ stride: "2" }, "TypeError", "stride to be an integer or an array of 2");
    refuse({ padding: -1 }, "RangeError", "padding to be an integer of 0 or more, got -1");
    refuse({ padding: [1, 0.5] }, "RangeError", "padding to be an integer of 0 or more, got 0.5");
    refuse({ padding: "SAME" }, "RangeError", 'padding to be integers, "same" or "valid", got "SAME"');
    refuse({ padding: "same", stride: 2 }, "RangeError", 'a stride of 1 beside padding "same", got 2');
    refuse({ padding: 2 ** 31 }, "RangeError", "fewer than 2^31 places");
    refuse({ padding: Number.MAX_SAFE_INTEGER }, "RangeError", "fewer than 2^31 places");
    refuse({ dilation: 0 }, "RangeError", "dilation to be a positive integer, got 0");
    refuse({ groups: 0 }, "RangeError", "groups to be a positive integer, got 0");
    refuse({ groups: null }, "TypeError", "groups to be a number, got null");
    refuse({ kernelSize: 3 }, "TypeError", "the options bias, stride, padding, dilation, groups");
  });

  test("refuse integers, and tensors of two backends", () => {
    const [x, weight] = [ones([1, 2]), ones([1, 1, 1])];
    for (const call of [
      () => F.conv1d(int(x), weight),
      () => F.conv1d(x, int(weight)),
      () => F.conv1d(x, weight, { bias: int(ones([1])) }),
    ])
      expectRefusal(call, "TypeError", "conv1d: expected a float tensor, got int32");
    const other = ones([1, 1, 1], { backend: hostBackend("elsewhere") });
    expectRefusal(() => F.conv1d(x, other), "BackendMismatchError", "conv1d: ", "elsewhere");
    expectRefusal(() => F.conv1d(x, weight, { bias: 1 as never }), "TypeError", "conv1d: expected bias to be a Tensor, got 1");
  });
});

describe("convTranspose1d and convTranspose2d", () => {
  test("add outputPadding behind, which nothing reaches without padding", () => {
    const [x, weight] = [tensor([[1, 2]]), tensor([[[1, 10, 100]]])];
    expect(list(F.convTranspose1d(x, weight, { stride: 2 }))).toEqual([1, 10, 102, 20, 200]);
    expect(list(F.convTranspose1d(x, weight, { stride: 2, outputPadding: 1 }))).toEqual([1, 10, 102, 20, 200, 0]);
    expect(list(F.convTranspose1d(x, weight, { stride: 2, padding: 1, outputPadding: 1 }))).toEqual([10, 102, 20, 200]);
  });

  test("take a batch of none", () => {
    expect(F.convTranspose2d(zeros([0, 1, 4, 4]), ones([1, 2, 3, 3]), { bias: ones([2]) }).shape).toEqual([0, 2, 6, 6]);
  });

  test("refuse an outputPadding of as much as the stride and the dilation, and outputs of no size", () => {
    const [x, weight] = [ones([1, 1, 2, 2]), ones([1, 1, 1, 1])];
    const message = "convTranspose2d: expected outputPadding smaller than the stride or the dilation";
    expectRefusal(() => F.convTranspose2d(x, weight, { stride: 2, outputPadding: 2 }), "RangeError", message);
    expectRefusal(() => F.convTranspose2d(x, weight, { stride: [3, 1], outputPadding: 1 }), "RangeError", message);
    expect(F.convTranspose2d(x, weight, { dilation: 3, outputPadding: 2 }).shape).toEqual([1, 1, 4, 4]);
    expectRefusal(
      () => F.convTranspose2d(x, weight, { padding: 1 }),
      "ShapeError",
      "convTranspose2d: expected an output with no size below 1, got [0, 0]",
    );
    expectRefusal(
      () => F.convTranspose2d(x, ones([2, 1, 1, 1])),
      "ShapeError",
      "a weight of [1, out / groups, ...kernel]",
      "got [2, 1, 1, 1]",
    );
    expectRefusal(() => F.convTranspose1d(ones([3, 2]), ones([3, 1, 1]), { groups: 2 }), "ShapeError", "a multiple of groups = 2");
    expectRefusal(
      () => F.convTranspose2d(x, weight, { padding: "same" as never }),
      "TypeError",
      "padding to be an integer or an array of 2",
    );
  });
});

describe("a backend of the first version", () => {
  test("runs convolutions without a kernel for windows", async () => {
    const run = async (backend = blindBackend("old")) => {
      const x = tensor(
        Float32Array.from({ length: 120 }, (_, i) => Math.sin(i)),
        { shape: [2, 3, 4, 5], backend, requiresGrad: true },
      );
      const weight = tensor(
        Float32Array.from({ length: 54 }, (_, i) => Math.cos(i)),
        { shape: [3, 3, 3, 2], backend, requiresGrad: true },
      );
      const y = F.maxPool2d(F.convTranspose2d(F.conv2d(x, weight, { padding: 1, stride: [1, 2] }), weight, { stride: 2 }), {
        kernelSize: 3,
        padding: 1,
      });
      y.mul(y).sum().backward();
      return Promise.all([y, x.grad, weight.grad].map(async (t) => [...(await (t as Tensor).data())]));
    };
    const [got, expected] = [await run(), await run(hostBackend("new") as never)];
    for (const [i, values] of got.entries()) expectClose(values, expected[i] ?? [], { rtol: 1e-4, atol: 1e-4 }, `result ${i}`);
  });
});

describe("bmm", () => {
  test("multiplies pair by pair, and does not broadcast", () => {
    const [a, b] = [
      tensor([[[1, 2]], [[3, 4]]]),
      tensor([
        [[1], [1]],
        [[1], [-1]],
      ]),
    ];
    expect(list(F.bmm(a, b))).toEqual([3, -1]);
    expect(F.bmm(zeros([0, 3, 4]), zeros([0, 4, 5])).shape).toEqual([0, 3, 5]);
    expectRefusal(
      () => F.bmm(zeros([1, 3, 4]), zeros([2, 4, 5])),
      "ShapeError",
      "bmm: expected [B, M, K] and [B, K, N], got [1, 3, 4] and [2, 4, 5]",
    );
    expectRefusal(() => F.bmm(zeros([3, 4]), zeros([4, 5])), "ShapeError", "got [3, 4] and [4, 5]");
  });
});
