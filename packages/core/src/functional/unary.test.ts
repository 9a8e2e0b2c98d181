import { describe, expect, test } from "vitest";
import { functional as F, type Tensor, tensor } from "../index";
import { expectClose } from "../testing/close";
import { expectRefusal } from "../testing/refusal";

const { NaN: NAN, POSITIVE_INFINITY: INF } = Number;

type Name = "floor" | "ceil" | "round" | "sign" | "sin" | "cos" | "rsqrt";

// Values of torch 2.13.0+cpu: torch.floor(x) and so on of float32, and the gradients of y.backward(w); of rsqrt at |x|.
const X = [0.75, -1.25, 2.5, -3.5, 0.5, 6, 10, 100];
const W = [1, -2, 0.5, 3, -0.25, 1, -1, 2];
const ZEROS = X.map(() => 0);
const GOLDENS: readonly [Name, readonly number[], readonly number[]][] = [
  ["floor", [0, -2, 2, -4, 0, 6, 10, 100], ZEROS],
  ["ceil", [1, -1, 3, -3, 1, 6, 10, 100], ZEROS],
  ["round", [1, -1, 2, -4, 0, 6, 10, 100], ZEROS],
  ["sign", [1, -1, 1, -1, 1, 1, 1, 1], ZEROS],
  [
    "sin",
    [0.681638777, -0.948984623, 0.598472118, 0.350783229, 0.47942555, -0.279415488, -0.54402113, -0.506365657],
    [0.731688857, -0.630644739, -0.400571793, -2.80937004, -0.219395638, 0.960170269, 0.839071512, 1.72463775],
  ],
  [
    "cos",
    [0.731688857, 0.315322369, -0.801143587, -0.93645668, 0.87758255, 0.960170269, -0.839071512, 0.862318873],
    [-0.681638777, -1.89796925, -0.299236059, -1.05234969, 0.119856387, 0.279415488, -0.54402113, 1.01273131],
  ],
  [
    "rsqrt",
    [1.15470052, 0.89442718, 0.632455528, 0.534522474, 1.41421354, 0.408248276, 0.316227764, 0.100000001],
    [-0.769800305, 0.71554172, -0.0632455572, -0.229081064, 0.353553355, -0.0340206884, 0.0158113893, -0.00100000005],
  ],
];

describe("elementwise functions", () => {
  test.each(GOLDENS)("give %s and its gradient as PyTorch does", (name, expected, gradient) => {
    const x = tensor(name === "rsqrt" ? X.map(Math.abs) : X, { requiresGrad: true });
    const y = F[name](x);
    y.backward(tensor(W));
    expectClose(y.dataSync(), expected, { rtol: 2e-7, atol: 1e-7 }, name);
    expectClose((x.grad as Tensor).dataSync(), gradient, { rtol: 5e-7, atol: 1e-7 }, `gradient of ${name}`);
  });

  test("keep the sign of zeros where they round, as PyTorch does", () => {
    const x = tensor([-0, 0, -0.5, 0.5, -0.4]);
    expect([...F.floor(x).dataSync()]).toEqual([-0, 0, -1, 0, -1]);
    expect([...F.ceil(x).dataSync()]).toEqual([-0, 0, -0, 1, -0]);
    expect([...F.round(x).dataSync()]).toEqual([-0, 0, -0, 0, -0]);
    expect([...F.sign(x).dataSync()]).toEqual([0, 0, -1, 1, -1]);
    expect([...F.sin(x).dataSync()].slice(0, 2)).toEqual([-0, 0]);
    expect([...F.rsqrt(x).dataSync()].slice(0, 2)).toEqual([-INF, INF]);
  });

  test.each(["floor", "ceil", "round", "sign"] as const)("have a gradient of zeros for %s, whatever comes in", (name) => {
    const x = tensor([1.5, 0, -2], { requiresGrad: true });
    F[name](x).backward(tensor([INF, NAN, 1]));
    expect([...(x.grad as Tensor).dataSync()]).toEqual([0, 0, 0]);
  });

  test("round int32 to a copy of it, give its sign, and refuse it where the result has a fraction", () => {
    const x = tensor(new Int32Array([-3, 0, 2 ** 31 - 1]));
    for (const name of ["floor", "ceil", "round"] as const) {
      const y = F[name](x);
      expect([y.dtype, ...y.dataSync()]).toEqual(["int32", -3, 0, 2 ** 31 - 1]);
      y.dispose();
      expect(x.isDisposed).toBe(false);
    }
    expect([F.sign(x).dtype, ...F.sign(x).dataSync()]).toEqual(["int32", -1, 0, 1]);
    for (const name of ["sin", "cos", "rsqrt"] as const) {
      expectRefusal(() => F[name](x), "TypeError", `${name}: expected a float tensor, got int32`);
    }
  });

  test.each(GOLDENS)("refuse bool and what is no tensor in %s", (name) => {
    expectRefusal(() => F[name](tensor([true])), "TypeError", `${name}: expected a float tensor, got bool`);
    expectRefusal(() => F[name](3 as never), "TypeError", `${name}: expected a Tensor, got 3`);
  });

  test("take strided tensors, scalars and nothing", () => {
    const x = tensor([
      [1.5, 2.5],
      [3.5, -4.5],
    ]);
    expect([...F.round(x.transpose(0, 1)).dataSync()]).toEqual([2, 4, 2, -4]);
    expect(F.floor(tensor(-0.5)).itemSync()).toBe(-1);
    expect(F.sin(tensor(new Float32Array(0), { shape: [2, 0] })).shape).toEqual([2, 0]);
  });
});
