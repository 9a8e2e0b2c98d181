import {
  type Backend,
  type BackendStorage,
  type DropoutSpec,
  layoutOf,
  type Operand,
  referenceKernels,
  type TypedArray,
} from "@dropwise/core/backend";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { LAYOUTS } from "../../kernels/testing/layouts";
import { createNativeBackend } from "./index";
import { loadAddon } from "./load";
import type { NativeHandle } from "./memory";

type Native = Required<Backend<NativeHandle>>;

const natives = loadAddon().isas.flatMap((isa) => [1, 3].map((threads) => createNativeBackend({ isa, threads }) as Native));
afterAll(() => {
  for (const native of natives) native.dispose();
});
const nameOf = ({ info }: Native) => `${info.device} with ${info.threads} threads`;

/** The reference, on plain arrays. */
const reference = referenceKernels((storage) => storage.handle as TypedArray);

/** A float32 storage with these values, on a backend or for the reference. */
function storageOf(native: Native | null, values: Float32Array): BackendStorage<never> {
  const handle = native === null ? values.slice() : native.allocate("float32", values.length);
  const storage = { handle, dtype: "float32", length: values.length } as BackendStorage<never>;
  native?.write(storage, values);
  return storage;
}

/** Runs a call over two storages on the reference and on every native backend; the bits of both storages must be equal afterwards. */
function agree(
  x: Float32Array,
  out: Float32Array,
  run: (kernels: Native, x: BackendStorage<never>, out: BackendStorage<never>) => void,
): void {
  const expected = [storageOf(null, x), storageOf(null, out)] as const;
  run(reference as unknown as Native, ...expected);
  for (const native of natives) {
    const actual = [storageOf(native, x), storageOf(native, out)] as const;
    run(native, ...actual);
    for (const i of [0, 1] as const) {
      const bits = (values: TypedArray) => Buffer.from(values.buffer, values.byteOffset, values.byteLength);
      const isSame = bits(native.view(actual[i])).equals(bits(expected[i].handle as TypedArray));
      if (!isSame)
        expect({ on: nameOf(native), values: [...native.view(actual[i])] }).toEqual({
          on: nameOf(native),
          values: [...(expected[i].handle as TypedArray)],
        });
    }
    for (const { handle } of actual) native.release(handle);
  }
}

const ramp = (length: number) => Float32Array.from({ length }, (_, i) => (i % 2 === 0 ? 1 : -1) * (i + 0.37));

const word = fc.integer({ min: 0, max: 2 ** 32 - 1 });
const dims: fc.Arbitrary<{ size: number; stride: number }[]> = fc.array(
  fc.record({ size: fc.integer({ min: 0, max: 12 }), stride: fc.constantFrom(0, 1, 2, 5, 64) }),
  {
    minLength: 1,
    maxLength: 4,
  },
);
const specs = fc.record({
  key: fc.tuple(word, word, word, word, word),
  offset: fc.oneof(
    fc.integer({ min: 0, max: 9 }),
    fc.integer({ min: 2 ** 34 - 300, max: 2 ** 34 + 5 }),
    fc.integer({ min: 0, max: 2 ** 52 }),
  ),
  affine: fc.constantFrom([1.5, 0, 0], [0.7, 0.25, -1.5], [1, 0, -0], [3e38, 0, 0]),
  layout: fc.oneof(
    dims,
    fc.integer({ min: 0, max: 3000 }).map((size) => [{ size, stride: 1 }]),
  ),
  place: fc.integer({ min: 0, max: 20 }),
  kind: fc.constantFrom("apart", "in place", "repeated"),
});

const layouts = fc
  .record({
    of: fc.constantFrom(...LAYOUTS),
    threads: fc.oneof(fc.integer({ min: 1, max: 40 }), fc.constantFrom(64, 255, 256, 1000, 5000, 2 ** 29)),
    shift: fc.constantFrom(0, 1),
    low: fc.oneof(fc.constant(0), word),
    thresholdHi: fc.constantFrom(0, 2 ** 20, 1_500_000, 2 ** 21),
    nearCarry: fc.boolean(),
  })
  .map(({ of, ...rest }) => ({ ...of, ...rest }));

describe("every instruction set, with any number of threads, gives the reference's bits for", () => {
  test("dropout, whatever the sizes, strides, offsets and values", () => {
    fc.assert(
      fc.property(specs, ({ key: [seedLo, seedHi, callLo, callHi, threshold], offset, affine, layout, place, kind }) => {
        const shape = layout.map(({ size }) => size);
        const n = shape.reduce((product, size) => product * size, 1);
        const [keepScale = 1, keepShift = 0, dropValue = 0] = affine.map(Math.fround);
        const spec: DropoutSpec = {
          ...{ seedLo, seedHi, callLo, callHi, threshold, keepScale, keepShift, dropValue, elementOffset: offset },
          ...{ shape, maskStrides: layout.map(({ stride }) => stride) },
        };
        const values = ramp(n + place + 1);
        agree(values, new Float32Array(values.length).fill(7), (kernels, x, out) => {
          const input: Operand<never> = { storage: x, shape: [n], strides: [kind === "repeated" ? 0 : 1], offset: place };
          const output: Operand<never> = { storage: kind === "in place" ? x : out, shape: [n], strides: [1], offset: place };
          kernels.dropout(spec, input, output);
        });
      }),
      { numRuns: 150 },
    );
  });

  test("dropout by every layout of masks, whatever the sizes, strides, offsets and values", () => {
    fc.assert(
      fc.property(specs, layouts, ({ key: [seedLo, seedHi, callLo, callHi, threshold], offset, affine, layout, place, kind }, mask) => {
        const shape = layout.map(({ size }) => size);
        const n = shape.reduce((product, size) => product * size, 1);
        const [keepScale = 1, keepShift = 0, dropValue = 0] = affine.map(Math.fround);
        const spec: DropoutSpec = {
          ...{
            seedLo,
            seedHi,
            callLo: mask.nearCarry ? 2 ** 32 - 1 : callLo,
            callHi: callHi % 2 ** 20,
            threshold,
            keepScale,
            keepShift,
            dropValue,
          },
          ...{ elementOffset: offset, shape, maskStrides: layout.map(({ stride }) => stride), layout: layoutOf(mask) },
        };
        const values = ramp(n + place + 1);
        agree(values, new Float32Array(values.length).fill(7), (kernels, x, out) => {
          const input: Operand<never> = { storage: x, shape: [n], strides: [kind === "repeated" ? 0 : 1], offset: place };
          const output: Operand<never> = { storage: kind === "in place" ? x : out, shape: [n], strides: [1], offset: place };
          kernels.dropout(spec, input, output);
        });
      }),
      { numRuns: 300 },
    );
  });

  test.each(LAYOUTS)("dropout of a million elements by layout %j, cut among threads by elements and by columns", (mask) => {
    for (const [n, threads] of [
      [200_003, 1024],
      [200_003, 2 ** 20],
      [1_000_003, 270_336],
    ] as const) {
      const spec = {
        ...{ seedLo: 1, seedHi: 2, callLo: 2 ** 32 - 2, callHi: 4, threshold: 0x7fffffc0, keepScale: 2, keepShift: 0, dropValue: 0 },
        ...{ elementOffset: threads + 7, shape: [n], maskStrides: [1], layout: layoutOf({ ...mask, threads, thresholdHi: 0xfffff }) },
      };
      agree(ramp(n), new Float32Array(n), (kernels, x, out) => {
        const operand = (storage: BackendStorage<never>) => ({ storage, shape: [n], strides: [1], offset: 0 });
        kernels.dropout(spec, operand(x), operand(out));
      });
    }
  });

  test("dropout that is cut among threads, in chunks and at offsets of every residue", () => {
    for (const elementOffset of [0, 1, 2, 3, 2 ** 34 - 4 * 50_000 - 1]) {
      const n = 400_003;
      const spec = {
        seedLo: 1,
        seedHi: 2,
        callLo: 3,
        callHi: 4,
        threshold: 0x7fffffc0,
        keepScale: 2,
        keepShift: 0,
        dropValue: 0,
        elementOffset,
      };
      agree(ramp(n), new Float32Array(n), (kernels, x, out) => {
        const operand = (storage: BackendStorage<never>) => ({ storage, shape: [n], strides: [1], offset: 0 });
        kernels.dropout({ ...spec, shape: [n], maskStrides: [1] }, operand(x), operand(out));
      });
    }
  });

  test("strided copies of up to four dimensions", () => {
    const sizes = fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: 4 });
    const cases = fc.record({
      sizes,
      order: fc.array(fc.double({ noNaN: true }), { minLength: 8, maxLength: 8 }),
      hole: fc.integer({ min: 0, max: 2 }),
    });
    fc.assert(
      fc.property(cases, ({ sizes, order, hole }) => {
        // Strides of a permuted layout, with holes behind the rows; and sometimes a repeated dimension of x.
        const stridesFrom = (keys: number[]) => {
          const strides = sizes.map(() => 0);
          let step = 1;
          for (const dim of sizes.map((_, i) => i).sort((a, b) => (keys[a] as number) - (keys[b] as number))) {
            strides[dim] = step;
            step *= (sizes[dim] as number) + hole;
          }
          return strides;
        };
        const xStrides = stridesFrom(order.slice(0, 4));
        if ((order[0] as number) > 0.5) xStrides[0] = 0;
        agree(ramp(12 ** 4), new Float32Array(12 ** 4), (kernels, x, out) => {
          kernels.copy(
            { storage: x, shape: sizes, strides: xStrides, offset: 0 },
            { storage: out, shape: sizes, strides: stridesFrom(order.slice(4)), offset: 0 },
          );
        });
      }),
      { numRuns: 200 },
    );
  });

  test("large transposes", () => {
    agree(ramp(300 * 517), new Float32Array(300 * 517), (kernels, x, out) => {
      kernels.copy(
        { storage: x, shape: [517, 300], strides: [1, 517], offset: 0 },
        { storage: out, shape: [517, 300], strides: [300, 1], offset: 0 },
      );
    });
  });
});

describe("any number of threads gives the same bits for", () => {
  /** Runs the same on one thread and on three of each instruction set. */
  function sameWithThreads(
    length: number,
    outLength: number,
    run: (kernels: Native, x: Operand<never>, out: Operand<never>) => void,
  ): void {
    for (let i = 0; i < natives.length; i += 2) {
      const results = natives.slice(i, i + 2).map((native) => {
        const [x, out] = [storageOf(native, ramp(length)), storageOf(native, new Float32Array(outLength))];
        run(
          native,
          { storage: x, shape: [length], strides: [1], offset: 0 },
          { storage: out, shape: [outLength], strides: [1], offset: 0 },
        );
        const result = native.view(out).slice(0, outLength);
        for (const { handle } of [x, out]) native.release(handle);
        return Buffer.from(result.buffer);
      });
      expect(results[0]?.equals(results[1] as Buffer), nameOf(natives[i] as Native)).toBe(true);
    }
  }

  test("sums of long rows and of many columns, and softmax", () => {
    sameWithThreads(1_000_000, 1, (kernels, x, out) => kernels.reduce("sum", x, out, 1, 1_000_000, 1));
    sameWithThreads(1_000_000, 1000, (kernels, x, out) => kernels.reduce("sum", x, out, 1, 1000, 1000));
    sameWithThreads(500_000, 500_000, (kernels, x, out) => kernels.softmax(true, x, out, 500, 1000, 1));
  });

  test("matrix products of any orientation", () => {
    const [m, k, n] = [200, 150, 333];
    for (const turned of [false, true]) {
      sameWithThreads(m * k + k * n, m * n, (kernels, x, out) => {
        const a = { ...x, shape: [m, k], strides: turned ? [1, m] : [k, 1] };
        const b = { ...x, shape: [k, n], strides: turned ? [1, k] : [n, 1], offset: m * k };
        kernels.matmul(a, b, { ...out, shape: [m, n], strides: [n, 1] });
      });
    }
  });

  test("maps and optimizer steps", () => {
    sameWithThreads(600_000, 600_000, (kernels, x, out) => kernels.unary("tanh", x, out));
    sameWithThreads(600_000, 600_000, (kernels, x, out) => kernels.binary("add", x, 1.5, out));
    const adam = {
      lr: 0.1,
      beta1: 0.9,
      beta2: 0.99,
      eps: 1e-8,
      weightDecay: 0,
      decoupled: false,
      biasCorrection1: 0.1,
      biasCorrection2: 0.01,
    };
    sameWithThreads(400_000, 400_000, (kernels, x, out) => {
      const part = (operand: Operand<never>, i: number) => ({ ...operand, shape: [200_000], offset: i * 200_000 });
      kernels.optimizerStep([
        { spec: { kind: "adam", ...adam }, param: part(out, 0), grad: part(x, 0), state: [part(out, 1), part(x, 0)] },
      ]);
    });
  });
});
