/** Every differentiable operation against numerical derivatives, first and second, in float64. */
import { describe, expect, test } from "vitest";
import { cat, functional as F, Generator, gradcheck, gradgradcheck, randn, type Shape, stack, type Tensor, tensor, zeros } from "../index";
import { expectRefusal } from "../testing/refusal";
import { applyBinary, applyUnary } from "./by-name";

let seed = 0;
/** A fixed random tensor, different in every call. */
const input = (shape: Shape): Tensor => randn(shape, { generator: new Generator(++seed), dtype: "float64", requiresGrad: true });
/** The same away from 0, on the positive side. */
const positive = (shape: Shape): Tensor => {
  const x = tensor(
    input(shape)
      .dataSync()
      .map((v) => 0.5 + Math.abs(v)),
    { shape },
  );
  x.requiresGrad = true;
  return x;
};
/** The same away from 0, on both sides: for functions with a kink there. */
const apart = (shape: Shape): Tensor => {
  const x = tensor(
    input(shape)
      .dataSync()
      .map((v) => Math.sign(v) * (0.3 + Math.abs(v))),
    { shape },
  );
  x.requiresGrad = true;
  return x;
};

/** The same away from whole numbers and halves, where rounding jumps. */
const between = (shape: Shape): Tensor => {
  const x = tensor(
    input(shape)
      .dataSync()
      .map((v) => Math.floor(2 * v) / 2 + 0.25 + (v % 0.2)),
    { shape },
  );
  x.requiresGrad = true;
  return x;
};

type Case = [string, (...inputs: Tensor[]) => Tensor, () => Tensor[]];

function check(cases: Case[]): void {
  test.each(cases)("%s", (_, fn, inputs) => {
    const given = inputs();
    expect(gradcheck(fn, given)).toBe(true);
    expect(gradgradcheck(fn, given, { atol: 1e-4 })).toBe(true);
    for (const x of given) expect(x.grad).toBeNull();
  });
}

describe("unary functions", () => {
  check([
    ["neg", (x) => x.neg(), () => [input([3, 2])]],
    ["abs", (x) => x.abs(), () => [apart([3, 2])]],
    ["exp", (x) => x.exp(), () => [input([3, 2])]],
    ["expm1", (x) => applyUnary("expm1", x), () => [input([3])]],
    ["log", (x) => x.log(), () => [positive([3, 2])]],
    ["log1p", (x) => applyUnary("log1p", x), () => [positive([3])]],
    ["sqrt", (x) => x.sqrt(), () => [positive([3, 2])]],
    ["erf", (x) => applyUnary("erf", x), () => [input([3])]],
    ["relu", F.relu, () => [apart([3, 2])]],
    ["sigmoid", F.sigmoid, () => [input([3, 2])]],
    ["tanh", F.tanh, () => [input([3, 2])]],
    ["gelu", (x) => F.gelu(x), () => [input([4])]],
    ["silu", F.silu, () => [input([4])]],
    ["leakyRelu", (x) => F.leakyRelu(x, { negativeSlope: 0.2 }), () => [apart([4])]],
    ["elu", (x) => F.elu(x, { alpha: 1.5 }), () => [apart([4])]],
    ["selu", F.selu, () => [apart([4])]],
    ["softplus", (x) => F.softplus(x), () => [input([4])]],
    ["softplus with beta", (x) => F.softplus(x, { beta: 2.5 }), () => [input([4])]],
    ["sin", F.sin, () => [input([3, 2])]],
    ["cos", F.cos, () => [input([3, 2])]],
    ["rsqrt", F.rsqrt, () => [positive([3, 2])]],
    ["floor", (x) => x.sub(F.floor(x)).mul(x), () => [between([4])]],
    ["ceil", (x) => x.sub(F.ceil(x)).mul(x), () => [between([4])]],
    ["round", (x) => x.sub(F.round(x)).mul(x), () => [between([4])]],
    ["sign", (x) => F.sign(x).mul(x).mul(x), () => [apart([4])]],
    ["of a strided input", (x) => x.transpose(0, 1).exp(), () => [input([2, 3])]],
    ["of a scalar", (x) => x.exp(), () => [input([])]],
  ]);
});

describe("binary functions", () => {
  const shapes: [string, Shape, Shape][] = [
    ["equal shapes", [2, 3], [2, 3]],
    ["a row", [2, 3], [3]],
    ["a column and a row", [2, 1], [1, 3]],
    ["a scalar", [], [2, 2]],
    ["an extra dimension", [2, 1, 2], [3, 1]],
  ];
  const differentiable = {
    add: input,
    sub: input,
    mul: input,
    div: apart,
    pow: positive,
    minimum: input,
    maximum: input,
    sigmoidGrad: input,
    tanhGrad: input,
  } as const;
  const names = Object.keys(differentiable) as (keyof typeof differentiable)[];
  check(
    names.flatMap((op) =>
      shapes.map(
        ([label, a, b]): Case => [
          `${op} of ${label}`,
          (x, y) => applyBinary(op, x, y),
          () => [op === "pow" ? positive(a) : input(a), differentiable[op](b)],
        ],
      ),
    ),
  );
  check([
    ["reluGrad", (x, y) => applyBinary("reluGrad", x, y), () => [input([4]), apart([4])]],
    ["an operand met twice", (x) => x.mul(x).div(x.add(3)), () => [apart([4])]],
  ]);
  check(
    (["add", "sub", "mul", "div", "pow", "minimum", "maximum"] as const).flatMap((op): Case[] => [
      [`${op} with a number on the right`, (x) => applyBinary(op, x, 2.5), () => [positive([3])]],
      [`${op} with a number on the left`, (x) => applyBinary(op, 1.7, x), () => [positive([3])]],
    ]),
  );
  check([
    ["pow with a negative exponent", (x) => x.pow(-2), () => [apart([3])]],
    ["pow with 0", (x) => x.pow(0).add(x), () => [input([3])]],
    ["pow with 1", (x) => x.pow(1), () => [input([3])]],
    ["pow with 3 of negative numbers", (x) => x.pow(3), () => [apart([3])]],
  ]);
});

describe("reductions", () => {
  const shape: Shape = [2, 3, 2];
  const dims: [string, number | number[] | undefined][] = [
    ["all dims", undefined],
    ["one dim", 1],
    ["a negative dim", -1],
    ["neighbouring dims", [0, 1]],
    ["dims that are apart", [0, 2]],
  ];
  const ops = ["sum", "mean", "amax", "amin", "var", "std"] as const;
  check(
    ops.flatMap((op) =>
      dims.flatMap(([label, dim]) =>
        [false, true].map((keepdim): Case => {
          const options = dim === undefined ? { keepdim } : { dim, keepdim };
          return [`${op} over ${label}${keepdim ? ", kept" : ""}`, (x) => x[op](options).mul(2), () => [input(shape)]];
        }),
      ),
    ),
  );
  check([
    ["var without correction", (x) => x.var({ dim: 0, correction: 0 }), () => [input([3, 2])]],
    ["sum of a strided input", (x) => x.transpose(0, 1).mul(x.transpose(0, 1)).sum({ dim: 0 }), () => [input([2, 3])]],
  ]);
});

describe("shapes and selections", () => {
  const mask = tensor([
    [true, false, true],
    [false, false, true],
  ]);
  const squared = (fn: (x: Tensor) => Tensor) => (x: Tensor) => fn(x).mul(fn(x));
  check([
    ["reshape", squared((x) => x.reshape([3, -1])), () => [input([2, 3])]],
    ["reshape of a strided input", squared((x) => x.transpose(0, 1).reshape([-1])), () => [input([2, 3])]],
    ["transpose", squared((x) => x.transpose(0, -1)), () => [input([2, 1, 3])]],
    ["permute", squared((x) => x.permute([2, 0, 1])), () => [input([2, 1, 3])]],
    ["slice", squared((x) => x.slice(1, 1, 4, 2)), () => [input([2, 5])]],
    ["overlapping slices", (x) => x.slice(0, 0, 3).mul(x.slice(0, 1, 4)), () => [input([4])]],
    ["squeeze and unsqueeze", squared((x) => x.squeeze(1).unsqueeze(0)), () => [input([2, 1, 2])]],
    ["expand", (x) => x.expand([3, 2, 2]).mul(x), () => [input([2, 1])]],
    ["contiguous", (x) => x.transpose(0, 1).contiguous().exp(), () => [input([2, 2])]],
    ["cat", (x, y) => cat([x, y, x], { dim: 1 }).exp(), () => [input([2, 2]), input([2, 1])]],
    ["stack", (x, y) => stack([x, y], { dim: -1 }).exp(), () => [input([2, 2]), input([2, 2])]],
    ["where", (x, y) => x.where(mask, y).exp(), () => [input([2, 3]), input([3])]],
    ["where with a number on the right", (x) => x.where(mask, 2).exp(), () => [input([2, 3])]],
    ["where with a number on the left", (x) => F.where(mask, 2, x).exp(), () => [input([1, 3])]],
    ["clamp", (x) => x.clamp({ min: -0.2, max: 0.25 }).mul(x), () => [apart([6])]],
    ["clamp from below", (x) => x.clamp({ min: 0.1 }).mul(x), () => [apart([6])]],
    ["gather", (x) => F.gather(x, 1, tensor(new Int32Array([0, 2, 2, 1]), { shape: [2, 2] })).exp(), () => [input([2, 3])]],
    [
      "gather along the first dim",
      (x) => F.gather(x, 0, tensor(new Int32Array([1, 0, 1, 1, 1, 1]), { shape: [3, 2] })).exp(),
      () => [input([2, 2])],
    ],
    ["minimum of two", (x, y) => F.minimum(x, y).mul(x), () => [input([4]), input([4])]],
    ["a detached factor", (x) => x.mul(x.detach().mul(0).add(3)), () => [input([3])]],
  ]);
});

describe("products", () => {
  const pairs: [Shape, Shape][] = [
    [[3], [3]],
    [[2, 3], [3]],
    [[3], [3, 2]],
    [
      [2, 3],
      [3, 2],
    ],
    [
      [2, 2, 3],
      [3, 2],
    ],
    [
      [2, 2, 3],
      [2, 3, 1],
    ],
    [
      [2, 3],
      [2, 3, 2],
    ],
    [
      [2, 1, 1, 3],
      [2, 3, 2],
    ],
    [[2, 2, 3], [3]],
  ];
  check(pairs.map(([a, b]): Case => [`matmul of [${a}] and [${b}]`, (x, y) => x.matmul(y), () => [input(a), input(b)]]));
  check([
    ["matmul of transposed operands", (x, y) => x.transpose(0, 1).matmul(y.transpose(0, 1)), () => [input([3, 2]), input([2, 3])]],
    ["linear", (x, w, b) => F.linear(x, w, b), () => [input([2, 3]), input([2, 3]), input([2])]],
    ["linear of a batch without bias", (x, w) => F.linear(x, w), () => [input([2, 1, 3]), input([2, 3])]],
    ["linear of a vector", (x, w, b) => F.linear(x, w, b), () => [input([3]), input([2, 3]), input([2])]],
    ["softmax", (x) => F.softmax(x, { dim: 1 }), () => [input([2, 3])]],
    ["softmax of the middle", (x) => F.softmax(x, { dim: 1 }), () => [input([2, 3, 2])]],
    ["logSoftmax", (x) => F.logSoftmax(x, { dim: 0 }), () => [input([3, 2])]],
  ]);
});

describe("losses", () => {
  const classes = () => tensor(new Int32Array([2, 0]));
  for (const reduction of ["mean", "sum", "none"] as const) {
    check([
      [`mseLoss, ${reduction}`, (x, y) => F.mseLoss(x, y, { reduction }), () => [input([2, 3]), input([2, 3])]],
      [`l1Loss, ${reduction}`, (x, y) => F.l1Loss(x, y, { reduction }), () => [input([2, 3]), input([2, 3])]],
      [`smoothL1Loss, ${reduction}`, (x, y) => F.smoothL1Loss(x, y, { reduction, beta: 0.7 }), () => [input([2, 3]), input([2, 3])]],
      [
        `binaryCrossEntropy, ${reduction}`,
        (x, y) => F.binaryCrossEntropy(F.sigmoid(x), F.sigmoid(y), { reduction }),
        () => [input([4]), input([4])],
      ],
      [
        `binaryCrossEntropyWithLogits, ${reduction}`,
        (x, y) => F.binaryCrossEntropyWithLogits(x, y, { reduction }),
        () => [input([4]), input([4])],
      ],
      [`nllLoss, ${reduction}`, (x) => F.nllLoss(F.logSoftmax(x, { dim: 1 }), classes(), { reduction }), () => [input([2, 3])]],
      [`crossEntropy, ${reduction}`, (x) => F.crossEntropy(x, classes(), { reduction }), () => [input([2, 3])]],
      [
        `crossEntropy with smoothing, ${reduction}`,
        (x) => F.crossEntropy(x, classes(), { reduction, labelSmoothing: 0.2 }),
        () => [input([2, 3])],
      ],
      [
        `crossEntropy of distributions, ${reduction}`,
        (x, y) => F.crossEntropy(x, F.softmax(y, { dim: 1 }), { reduction, labelSmoothing: 0.1 }),
        () => [input([2, 3]), input([2, 3])],
      ],
    ]);
  }
});

describe("gradcheck itself", () => {
  const twice = (x: Tensor) => x.mul(2);

  test("names the entry where a gradient is wrong", () => {
    // detach() hides half of the derivative.
    const wrong = (x: Tensor) => x.mul(x.detach());
    expectRefusal(() => gradcheck(wrong, [positive([2, 2])]), "Error", "gradcheck: expected gradient", "of input 0 at element 0");
    expectRefusal(() => gradgradcheck((x) => x.mul(x).mul(x.detach()), [positive([2])]), "Error", "gradcheck: expected gradient");
  });

  test("refuses float32, whose digits are too few for differences", () => {
    expectRefusal(
      () => gradcheck(twice, [randn([2], { requiresGrad: true })]),
      "TypeError",
      "gradcheck: expected float64 inputs, got float32",
    );
  });

  test("refuses, as the check that was called, a function of nothing that requires a gradient, and one of integers", () => {
    for (const [name, check] of [
      ["gradcheck", gradcheck],
      ["gradgradcheck", gradgradcheck],
    ] as const) {
      const constant = randn([2], { dtype: "float64" });
      expectRefusal(
        () => check(() => constant, [input([2])]),
        "RangeError",
        `${name}: expected a function of inputs that require a gradient`,
      );
      expectRefusal(() => check(twice, [constant]), "RangeError", `${name}: expected a function of inputs`);
      expectRefusal(() => check((x) => x.type("int32"), [input([2])]), "TypeError", `${name}: expected a float tensor, got int32`);
      const gone = zeros([2]);
      gone.dispose();
      expectRefusal(() => check(() => gone, [input([2])]), "DisposedError", `${name}: expected a live tensor`);
    }
  });

  test("refuses tolerances below 0", () => {
    for (const name of ["atol", "rtol"])
      expectRefusal(
        () => gradcheck(twice, [input([2])], { [name]: -0.5 }),
        "RangeError",
        `gradcheck: expected ${name} of 0 or more, got -0.5`,
      );
  });

  test("leaves inputs that want no gradient alone", () => {
    expect(gradcheck((x, y) => x.mul(y), [input([2]), randn([2], { dtype: "float64" })])).toBe(true);
  });

  test("leaves the generator where it was", () => {
    const generator = new Generator(5);
    gradcheck((x) => F.dropout(x, { p: 0.5, generator }), [input([5])], { generator });
    expect(generator.call).toBe(0n);
  });
});
