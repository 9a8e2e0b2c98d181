import { describe, expect, test } from "vitest";
import type { UnaryOp } from "../backend/op-names";
import { functional as F, type Tensor, tensor } from "../index";
import { expectClose } from "../testing/close";
import { expectRefusal } from "../testing/refusal";
import { applyUnary } from "./by-name";

const { NaN: NAN, POSITIVE_INFINITY: INF } = Number;
const apply = (op: UnaryOp, values: number[]) => [...applyUnary(op, tensor(values, { dtype: "float64" })).dataSync()];

describe("unary functions", () => {
  test.each<[UnaryOp, number[], number[]]>([
    ["neg", [1, -2, 0, NAN], [-1, 2, -0, NAN]],
    ["abs", [1, -2, -0, -INF, NAN], [1, 2, 0, INF, NAN]],
    ["exp", [0, 1, -INF, INF, 1000, NAN], [1, Math.E, 0, INF, INF, NAN]],
    ["expm1", [0, 1e-20, -INF], [0, 1e-20, -1]],
    ["log", [1, 0, -1, INF, NAN], [0, -INF, NAN, INF, NAN]],
    ["log1p", [0, 1e-20, -1], [0, 1e-20, -INF]],
    ["sqrt", [4, 0, -1, INF], [2, 0, NAN, INF]],
    ["relu", [1, -1, 0, NAN, INF, -INF], [1, 0, 0, NAN, INF, 0]],
    ["sigmoid", [0, 1000, -1000, INF, -INF, NAN], [0.5, 1, 0, 1, 0, NAN]],
    ["tanh", [0, 1000, -1000, NAN], [0, 1, -1, NAN]],
    ["erf", [0, 10, -10, INF, 0.5], [0, 1, -1, 1, 0.5204998778130465]],
    ["floor", [1.5, -1.5, -0.3, 0.3, -0, 2 ** 52 + 1, INF, NAN], [1, -2, -1, 0, -0, 2 ** 52 + 1, INF, NAN]],
    ["ceil", [1.5, -1.5, -0.3, 0.3, -0, -INF, NAN], [2, -1, -0, 1, -0, -INF, NAN]],
    [
      "round",
      [0.5, 1.5, 2.5, -0.5, -1.5, -2.5, 0.49999999999999994, -0.2, -0, 2 ** 52 + 1, INF, NAN],
      [0, 2, 2, -0, -2, -2, 0, -0, -0, 2 ** 52 + 1, INF, NAN],
    ],
    ["sign", [3, -1e-300, 0, -0, INF, -INF, NAN], [1, -1, 0, 0, 1, -1, 0]],
    ["sin", [0, Math.PI / 6, -Math.PI / 2, 1e22, INF, NAN], [0, 0.5, -1, -0.8522008497671888, NAN, NAN]],
    ["cos", [0, Math.PI / 3, Math.PI, 1e22, -INF, NAN], [1, 0.5, -1, 0.5232147853951389, NAN, NAN]],
    ["rsqrt", [4, 0.25, 0, -0, -1, INF, NAN], [0.5, 2, INF, -INF, NAN, 0, NAN]],
    ["softplus", [0, 1000, -1000, INF, -INF, NAN], [Math.LN2, 1000, 0, INF, 0, NAN]],
  ])("%s at its edges", (op, values, expected) => {
    expectClose(apply(op, values), expected, { rtol: 1e-14, atol: 0 });
  });

  test("erf is exact to a few units in the last place, odd, and NaN at NaN", () => {
    // Values of erf from Abramowitz and Stegun, table 7.1, and from mpmath.
    const known: [number, number][] = [
      [0.1, 0.1124629160182849],
      [1, 0.8427007929497149],
      [2, 0.9953222650189527],
      [3, 0.9999779095030014],
      [5, 0.9999999999984626],
    ];
    for (const [x, y] of known) expectClose(apply("erf", [x, -x]), [y, -y], { rtol: 1e-15, atol: 0 });
    expect(apply("erf", [NAN])).toEqual([NAN]);
  });

  test("refuse dtypes they do not have, and take int32 for neg and abs", () => {
    const integers = tensor(new Int32Array([-3, 4]));
    expect([...integers.neg().dataSync()]).toEqual([3, -4]);
    expect([...integers.abs().dataSync()]).toEqual([3, 4]);
    for (const fn of [(x: Tensor) => x.exp(), (x: Tensor) => x.sqrt(), (x: Tensor) => F.relu(x), (x: Tensor) => F.tanh(x.type("bool"))]) {
      expectRefusal(() => fn(integers), "TypeError", "expected a float");
    }
    expectRefusal(() => tensor([true]).neg(), "TypeError", "neg: expected a float tensor, got bool", 'x.type("float32")');
  });

  test("keep shape, dtype and logical order", () => {
    const x = tensor([
      [1, 4],
      [9, 16],
    ]);
    expect([...x.transpose(0, 1).sqrt().dataSync()]).toEqual([1, 3, 2, 4]);
    expect(x.type("float64").exp().dtype).toBe("float64");
    expect(tensor(new Float32Array(0)).exp().shape).toEqual([0]);
  });

  test("have gradient 0 at the kink of abs and relu, as in PyTorch", () => {
    const x = tensor([0, 0], { requiresGrad: true });
    x.abs().add(F.relu(x)).sum().backward();
    expect([...(x.grad?.dataSync() ?? [])]).toEqual([0, 0]);
  });
});

describe("activations", () => {
  test("keep NaN, and are finite where they do not overflow", () => {
    const extreme = tensor([-1e4, 1e4, NAN], { requiresGrad: true });
    for (const [name, low, high] of [
      ["relu", 0, 1e4],
      ["silu", -0, 1e4],
      ["gelu", -0, 1e4],
      ["elu", -1, 1e4],
      ["softplus", 0, 1e4],
      ["leakyRelu", -100, 1e4],
      ["sigmoid", 0, 1],
      ["tanh", -1, 1],
    ] as const) {
      const output = F[name](extreme);
      expect([...output.dataSync()], name).toEqual([low, high, NAN]);
      extreme.grad = null;
      output.slice(0, 0, 2).sum().backward();
      expect(extreme.grad, name).not.toBeNull();
      expect([...((extreme.grad as Tensor | null)?.slice(0, 0, 2).dataSync() ?? [])].every(Number.isFinite), name).toBe(true);
    }
  });

  test("softmax does not overflow, sums to 1, and leaves -Infinity at 0", () => {
    const y = F.softmax(tensor([[1000, 1000, -INF]]), { dim: 1 });
    expect([...y.dataSync()]).toEqual([0.5, 0.5, 0]);
    expectClose(F.logSoftmax(tensor([0, 1e4]), { dim: -1 }).dataSync(), [-1e4, 0]);
    expect(F.softmax(tensor(3), { dim: 0 }).itemSync()).toBe(1);
    expect([...F.softmax(tensor([NAN, 1]), { dim: 0 }).dataSync()]).toEqual([NAN, NAN]);
  });

  test("softmax refuses integers and dims that are not there", () => {
    expectRefusal(() => F.softmax(tensor(new Int32Array(2)), { dim: 0 }), "TypeError", "softmax: expected a float tensor, got int32");
    expectRefusal(() => F.logSoftmax(tensor([1]), { dim: 1 }), "RangeError", "logSoftmax: expected dim in [-1, 0], got 1");
    expectRefusal(() => F.softmax(tensor([1]), {} as never), "TypeError", "softmax: expected dim to be an integer, got undefined");
  });
});
