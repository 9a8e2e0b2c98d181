/** Operations that only move elements, or convert them: exact in every dtype, whatever the strides. */
import { cat, full, ones, stack, type Tensor, zeros } from "@dropwise/core";
import type { DType } from "@dropwise/core/backend";
import { each, type Family, LARGE } from "../case";
import { bools, constant, type Input, input, integers, uniform } from "../inputs";

/** The same shape in every dtype that all backends have. */
const everyDType = (shape: readonly number[]): Input[] => [uniform(shape), integers(shape), bools(shape)];

/** Every order of a tensor's dimensions. */
function orders(rank: number): number[][] {
  if (rank === 0) return [[]];
  return orders(rank - 1).flatMap((order) => Array.from({ length: rank }, (_, i) => [...order.slice(0, i), rank - 1, ...order.slice(i)]));
}

const MOVES: readonly { name: string; shape: readonly number[]; move: (x: Tensor) => Tensor | Tensor[] }[] = [
  { name: "reshapes", shape: [2, 3, 4], move: (x) => [x.reshape([6, 4]), x.reshape([-1]), x.reshape([1, 24, 1])] },
  { name: "reshapes what is not contiguous", shape: [3, 4], move: (x) => x.transpose(0, 1).reshape([2, 6]) },
  { name: "transposes", shape: [33, 65], move: (x) => x.transpose(0, 1).contiguous() },
  {
    name: "permutes four dimensions in every order",
    shape: [2, 3, 4, 5],
    move: (x) => orders(4).map((order) => x.permute(order).contiguous()),
  },
  {
    name: "permutes five dimensions",
    shape: [2, 3, 2, 3, 5],
    move: (x) => [x.permute([4, 2, 0, 3, 1]).contiguous(), x.permute([1, 0, 4, 3, 2]).contiguous()],
  },
  {
    name: "slices along each dimension",
    shape: [5, 6, 7],
    move: (x) => [x.slice(0, 1, 4), x.slice(1, 2), x.slice(2, -3, -1)].map((y) => y.contiguous()),
  },
  {
    name: "slices in steps",
    shape: [11, 13],
    move: (x) => [x.slice(0, 1, 11, 3), x.slice(1, 0, 13, 4), x.slice(0, 0, 11, 2).slice(1, 1, 12, 5)].map((y) => y.contiguous()),
  },
  { name: "slices a slice of a transpose", shape: [6, 9], move: (x) => x.transpose(0, 1).slice(0, 2, 8).slice(1, 1, 5).contiguous() },
  { name: "expands", shape: [3, 1, 2, 1], move: (x) => [x.expand([3, 4, 2, 5]).contiguous(), x.expand([2, 3, 1, 2, 3]).contiguous()] },
  {
    name: "squeezes and unsqueezes",
    shape: [1, 3, 1, 2],
    move: (x) => [x.squeeze(), x.squeeze(2), x.unsqueeze(-1), x.transpose(1, 3).squeeze().contiguous()],
  },
  { name: "joins along each dimension", shape: [2, 3, 5], move: (x) => [0, 1, 2].map((dim) => cat([x, x.slice(dim, 0, 1), x], { dim })) },
  { name: "joins views", shape: [4, 6], move: (x) => cat([x.transpose(0, 1), x.slice(1, 1, 5).transpose(0, 1)], { dim: 0 }) },
  { name: "joins a hundred pieces", shape: [100], move: (x) => cat(Array.from({ length: 100 }, (_, i) => x.slice(0, 99 - i, 100 - i))) },
  { name: "stacks", shape: [3, 4], move: (x) => [0, 1, 2, -1].map((dim) => stack([x, x], { dim })) },
  {
    name: "moves nothing where there is nothing",
    shape: [2, 0, 3],
    move: (x) => [x.transpose(0, 2).contiguous(), cat([x, x], { dim: 1 }), x.reshape([0])],
  },
];

const DTYPES: readonly DType[] = ["float32", "float64", "int32", "bool"];

/** Values that a conversion changes: fractions of both signs, zeros, and in bool everything that is not zero. */
const CONVERTED: Readonly<Record<DType, Input>> = {
  float32: input([97], [0, -0, 0.25, 0.5, 0.99, 1, 1.5, -0.5, -1, -1.99, 3e4, -3e4, 2 ** 24, -(2 ** 30)], { requiresGrad: false }),
  float64: input([97], [0, -0, 0.1, 0.5, 1 + 2 ** -40, -1.99, 1e-30, 2 ** 31 - 1.5, -(2 ** 31)], { dtype: "float64", requiresGrad: false }),
  int32: input([97], [0, 1, -1, 7, 2 ** 24 + 1, 2 ** 31 - 1, -(2 ** 31), 123456789], { dtype: "int32" }),
  bool: bools([97]),
};

/** Movement and conversion. */
export const movement: Family = {
  ...each(
    MOVES,
    ({ name }) => name,
    async ({ shape, move }, { compare }) => {
      for (const value of everyDType(shape)) await compare(move, value);
    },
  ),

  ...each(
    DTYPES,
    (from) => `converts ${from} to every dtype that info lists`,
    async (from, { backend, compare }) => {
      const { dtypes } = backend.info;
      if (!dtypes.includes(from)) return;
      const targets = DTYPES.filter((dtype) => dtypes.includes(dtype));
      await compare((x) => targets.flatMap((dtype) => [x.type(dtype), x.slice(0, 1, 90, 3).type(dtype)]), CONVERTED[from]);
    },
  ),

  "keeps the low 32 bits of what is too large for int32, and makes NaN and infinities 0": ({ compare }) =>
    compare(
      (x) => x.type("int32"),
      constant(input([9], [2 ** 31, -(2 ** 31) - 256, 3e9, 2 ** 32 + 512, 1e20, Number.NaN, Number.POSITIVE_INFINITY, -2.9, 2.9])),
    ),

  "calls NaN and infinities true": ({ compare }) =>
    compare(
      (x) => x.type("bool"),
      input([4], [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0], { requiresGrad: false }),
    ),

  "passes a gradient through a conversion": async ({ backend, compare }) => {
    await compare((x) => x.type("int32"), constant(uniform([9])));
    if (backend.info.dtypes.includes("float64")) await compare((x) => x.type("float64").mul(2).type("float32"), uniform([9]));
  },

  "moves and converts large tensors": async ({ compare }) => {
    const x = constant(uniform([517, 509], { low: -1e6, high: 1e6 }));
    await compare((t) => [t.transpose(0, 1).contiguous(), t.slice(1, 1, 509, 2).contiguous(), t.type("int32"), t.gt(0)], x);
    await compare((t) => [cat([t, t], { dim: 1 }), t.reshape([11, 47, 509]).permute([2, 0, 1]).contiguous()], x);
    await compare((t) => [t.transpose(0, 1).contiguous(), t.type("float32"), t.type("int32")], bools([517, 509]));
    await compare((t) => full([LARGE], 2.5, { backend: t.backend }), uniform([1]));
  },

  "fills with one value, in every dtype and length": async ({ backend, compare }) => {
    await compare(
      (x) =>
        [0, 1, 2, 3, 5, 63, 64, 65, 1023].flatMap((n) => [
          full([n], -2.5, { backend: x.backend }),
          zeros([n], { backend: x.backend, dtype: "bool" }),
        ]),
      uniform([1]),
    );
    await compare(
      (x) => [
        ...[-3, -3.9, 3.9].map((value) => full([7], value, { dtype: "int32", backend: x.backend })),
        ones([9], { dtype: "bool", backend: x.backend }),
      ],
      uniform([1]),
    );
    await compare((x) => [Number.NaN, Number.POSITIVE_INFINITY, -0].map((value) => full([5], value, { backend: x.backend })), uniform([1]));
    if (backend.info.dtypes.includes("float64"))
      await compare((x) => full([5], 0.1, { dtype: "float64", backend: x.backend }), uniform([1]));
  },
};
