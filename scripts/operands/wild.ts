/** Calls of a backend's members with operands that may lie anywhere: what core never passes on, and another caller might. */
import type { Backend, BackendStorage, DropoutSpec, DType, Kernels, Operand, TypedArray } from "@dropwise/core/backend";
import fc from "fast-check";

/** A shape, its strides and an offset, for a storage that is made for them or not. */
interface Layout {
  readonly shape: number[];
  readonly strides: number[];
  readonly offset: number;
}

/** A call, for a storage to write to and two to read from. */
export interface WildCall {
  /** The operation, for messages. */
  readonly name: string;
  /** The dtype of what is written. */
  readonly dtype: DType;
  /** Elements of the three storages: `out`, `x` and `y`. */
  readonly lengths: readonly [out: number, x: number, y: number];
  run(backend: Kernels, out: BackendStorage, x: BackendStorage, y: BackendStorage): void;
}

// --- numbers ---

/** What is no size, stride or offset, or a very large one. */
const strange = fc.constantFrom(
  -1,
  -3,
  0.5,
  2.5,
  -0,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  2 ** 30,
  2 ** 31,
  2 ** 32,
  2 ** 32 + 1,
  2 ** 53,
);
const mostly = (usual: fc.Arbitrary<number>) => fc.oneof({ weight: 20, arbitrary: usual }, { weight: 1, arbitrary: strange });
const sizes = mostly(fc.integer({ min: 0, max: 5 }));
const offsets = mostly(fc.integer({ min: 0, max: 6 }));
const shapes = (min: number, max: number) => fc.array(sizes, { minLength: min, maxLength: max });

/** Strides of a shape without gaps, whatever its sizes are. */
const contiguousStrides = (shape: readonly number[]): number[] =>
  shape.map((_, dim) => shape.slice(dim + 1).reduce((product, size) => product * size, 1));

/** Right strides for a shape, or such with one or all exchanged. */
const stridesOf = (shape: readonly number[]): fc.Arbitrary<number[]> => {
  const right = contiguousStrides(shape);
  const any = fc.array(mostly(fc.integer({ min: 0, max: 9 })), { minLength: shape.length, maxLength: shape.length });
  const transposed = [...right];
  transposed.reverse();
  return fc.oneof(fc.constant(right), fc.constant(shape.map(() => 0)), fc.constant(transposed), any);
};
const layoutOf = (shape: number[]): fc.Arbitrary<Layout> =>
  fc.record({ shape: fc.constant(shape), strides: stridesOf(shape), offset: offsets });
const contiguous = (shape: number[]): fc.Arbitrary<Layout> =>
  fc.record({ shape: fc.constant(shape), strides: fc.constant(contiguousStrides(shape)), offset: offsets });
const operand = (storage: BackendStorage, layout: Layout): Operand => ({ storage, ...layout });

/** Lengths about as large as what is to lie in them. */
const lengthFor = (...shapes: (readonly number[])[]) => {
  const [size = 0] = shapes.map((shape) => shape.reduce((product, length) => product * length, 1)).sort((a, b) => b - a);
  const right = Number.isInteger(size) && size >= 0 && size < 2000 ? size : 8;
  return fc.integer({ min: -2, max: 8 }).map((more) => Math.max(0, right + more));
};

// --- calls ---

const unary = shapes(1, 3).chain((shape) =>
  fc.record({
    op: fc.constantFrom("neg" as const, "relu" as const, "exp" as const, "tanh" as const),
    x: contiguous(shape),
    out: contiguous(shape),
    lengths: fc.tuple(lengthFor(shape), lengthFor(shape), fc.constant(0)),
  }),
);
const toUnary = unary.map(
  ({ op, x, out, lengths }): WildCall => ({
    ...{ name: op, dtype: "float32", lengths },
    run: (backend, to, from) => backend.unary(op, operand(from, x), operand(to, out)),
  }),
);

const toBinary = shapes(0, 5).chain((shape) =>
  fc
    .record({
      op: fc.constantFrom("add" as const, "mul" as const, "maximum" as const, "lt" as const),
      a: fc.oneof({ weight: 5, arbitrary: layoutOf(shape) }, fc.constant(1)),
      b: layoutOf(shape),
      out: contiguous(shape),
      lengths: fc.tuple(lengthFor(shape), lengthFor(shape), lengthFor(shape)),
    })
    .map(
      ({ op, a, b, out, lengths }): WildCall => ({
        ...{ name: op, dtype: op === "lt" ? "bool" : "float32", lengths },
        run: (backend, to, x, y) => backend.binary(op, typeof a === "number" ? a : operand(x, a), operand(y, b), operand(to, out)),
      }),
    ),
);

const toDropout = shapes(1, 3).chain((shape) =>
  fc
    .record({
      x: layoutOf(shape),
      out: contiguous(shape),
      maskStrides: stridesOf(shape),
      elementOffset: offsets,
      lengths: fc.tuple(lengthFor(shape), lengthFor(shape), fc.constant(0)),
    })
    .map(({ x, out, maskStrides, elementOffset, lengths }): WildCall => {
      const key = { seedLo: 1, seedHi: 2, callLo: 3, callHi: 4, threshold: 2 ** 31, keepScale: 2, keepShift: 0, dropValue: 0 };
      const spec: DropoutSpec = { ...key, elementOffset, shape, maskStrides };
      return {
        ...{ name: "dropout", dtype: "float32", lengths },
        run: (backend, to, from) => backend.dropout(spec, operand(from, x), operand(to, out)),
      };
    }),
);

const toReduce = fc.tuple(sizes, sizes, sizes).chain(([outer, size, inner]) =>
  fc
    .record({
      op: fc.constantFrom("sum" as const, "amax" as const, "argmax" as const),
      x: contiguous([outer, size, inner]),
      out: contiguous([outer, inner]),
      lengths: fc.tuple(lengthFor([outer, inner]), lengthFor([outer, size, inner]), fc.constant(0)),
    })
    .map(
      ({ op, x, out, lengths }): WildCall => ({
        ...{ name: op, dtype: op === "argmax" ? "int32" : "float32", lengths },
        run: (backend, to, from) => backend.reduce(op, operand(from, x), operand(to, out), outer, size, inner),
      }),
    ),
);

const toSoftmax = fc.tuple(sizes, sizes, sizes).chain((shape) =>
  fc
    .record({
      log: fc.boolean(),
      isGrad: fc.boolean(),
      x: contiguous(shape),
      y: contiguous(shape),
      out: contiguous(shape),
      lengths: fc.tuple(lengthFor(shape), lengthFor(shape), lengthFor(shape)),
    })
    .map(
      ({ log, isGrad, x, y, out, lengths }): WildCall => ({
        ...{ name: isGrad ? "softmaxGrad" : "softmax", dtype: "float32", lengths },
        run: (backend, to, from, second) =>
          isGrad
            ? backend.softmaxGrad(log, operand(from, x), operand(second, y), operand(to, out), ...shape)
            : backend.softmax(log, operand(from, x), operand(to, out), ...shape),
      }),
    ),
);

const toMatmul = fc.tuple(fc.boolean(), sizes, sizes, sizes, sizes).chain(([isBatched, batches, m, k, n]) => {
  const shape = (rows: number, columns: number) => (isBatched ? [batches, rows, columns] : [rows, columns]);
  return fc
    .record({
      a: layoutOf(shape(m, k)),
      b: layoutOf(shape(k, n)),
      out: contiguous(shape(m, n)),
      lengths: fc.tuple(lengthFor(shape(m, n)), lengthFor(shape(m, k)), lengthFor(shape(k, n))),
    })
    .map(
      ({ a, b, out, lengths }): WildCall => ({
        ...{ name: "matmul", dtype: "float32", lengths },
        run: (backend, to, x, y) => backend.matmul(operand(x, a), operand(y, b), operand(to, out)),
      }),
    );
});

const toLinear = fc.tuple(sizes, sizes, sizes).chain(([m, k, n]) =>
  fc
    .record({
      x: contiguous([m, k]),
      weight: contiguous([n, k]),
      bias: fc.option(contiguous([n])),
      out: contiguous([m, n]),
      lengths: fc.tuple(lengthFor([m, n]), lengthFor([m, k]), lengthFor([n, k], [n])),
    })
    .map(
      ({ x, weight, bias, out, lengths }): WildCall => ({
        ...{ name: "linear", dtype: "float32", lengths },
        run: (backend, to, from, second) =>
          backend.linear(operand(from, x), operand(second, weight), bias && operand(second, bias), operand(to, out)),
      }),
    ),
);

const toCopy = shapes(0, 4).chain((shape) =>
  fc
    .record({
      x: layoutOf(shape),
      out: layoutOf(shape),
      lengths: fc.tuple(lengthFor(shape), lengthFor(shape), fc.constant(0)),
    })
    .map(
      ({ x, out, lengths }): WildCall => ({
        ...{ name: "copy", dtype: "float32", lengths },
        run: (backend, to, from) => backend.copy(operand(from, x), operand(to, out)),
      }),
    ),
);

const toStep = shapes(1, 2).chain((shape) =>
  fc
    .record({
      isAdam: fc.boolean(),
      param: contiguous(shape),
      grad: contiguous(shape),
      state: contiguous(shape),
      lengths: fc.tuple(lengthFor(shape), lengthFor(shape), fc.constant(0)),
    })
    .map(({ isAdam, param, grad, state, lengths }): WildCall => {
      const common = { lr: 0.1, weightDecay: 0.1 };
      const sgd = { ...common, kind: "sgd" as const, momentum: 0.9, dampening: 0, nesterov: false, first: false };
      const adam = { ...common, kind: "adam" as const, beta1: 0.9, beta2: 0.99, eps: 1e-3, decoupled: false };
      const spec = isAdam ? { ...adam, biasCorrection1: 0.1, biasCorrection2: 0.1 } : sgd;
      return {
        ...{ name: spec.kind, dtype: "float32", lengths },
        run: (backend, to, from) => {
          const states = isAdam ? [operand(to, state), operand(to, state)] : [operand(to, state)];
          backend.optimizerStep([{ spec, param: operand(to, param), grad: operand(from, grad), state: states }]);
        },
      };
    }),
);

/** Calls of each member. */
const CALLS = {
  unary: toUnary,
  binary: toBinary,
  dropout: toDropout,
  reduce: toReduce,
  softmax: toSoftmax,
  matmul: toMatmul,
  linear: toLinear,
  copy: toCopy,
  optimizerStep: toStep,
} as const satisfies Partial<Record<keyof Kernels, fc.Arbitrary<WildCall>>>;

/** Calls of all members that a backend has itself. */
export function wildCalls(backend: Backend): fc.Arbitrary<WildCall> {
  return fc.oneof(
    ...(Object.keys(CALLS) as (keyof typeof CALLS)[]).filter((name) => backend[name] !== undefined).map((name) => CALLS[name]),
  );
}

/** A storage of a host-visible backend, full of one value. */
export function storageOf(backend: Backend, dtype: DType, length: number, value: number): BackendStorage {
  const storage = { handle: backend.allocate(dtype, length), dtype, length };
  viewOf(backend, storage).fill(value);
  return storage;
}

/** The elements of a storage. */
export function viewOf(backend: Backend, storage: BackendStorage): TypedArray {
  return (backend as Required<Backend>).view(storage);
}
