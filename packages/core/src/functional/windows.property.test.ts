/** Convolution and pooling against their definitions, element by element, and the identities that tie them together. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { functional as F, Generator, randn, type Shape, type Tensor } from "../index";
import { expectClose } from "../testing/close";

/** One spatial dimension of a case. */
interface Axis {
  readonly size: number;
  readonly kernel: number;
  readonly stride: number;
  readonly padding: number;
  readonly dilation: number;
}

const axis = fc
  .record({
    size: fc.integer({ min: 1, max: 7 }),
    kernel: fc.integer({ min: 1, max: 4 }),
    stride: fc.integer({ min: 1, max: 3 }),
    padding: fc.integer({ min: 0, max: 3 }),
    dilation: fc.integer({ min: 1, max: 3 }),
  })
  .filter(({ size, kernel, padding, dilation }) => size + 2 * padding >= dilation * (kernel - 1) + 1);
const axes = fc.integer({ min: 1, max: 3 }).chain((rank) => fc.array(axis, { minLength: rank, maxLength: rank }));
const small = fc.integer({ min: 1, max: 3 });

const of = (list: readonly Axis[], name: keyof Axis): number[] => list.map((each) => each[name]);
const countOf = ({ size, kernel, stride, padding, dilation }: Axis): number =>
  Math.floor((size + 2 * padding - dilation * (kernel - 1) - 1) / stride) + 1;
const noise = (shape: Shape, seed: number): Tensor => randn(shape, { generator: new Generator(seed), dtype: "float64" });
const product = (list: readonly number[]): number => list.reduce((a, b) => a * b, 1);

/** Every index of a shape, in row-major order. */
function indices(shape: Shape): number[][] {
  return shape.reduce<number[][]>((all, size) => all.flatMap((index) => Array.from({ length: size }, (_, i) => [...index, i])), [[]]);
}

/** An element of a tensor's data, or undefined outside. */
function at(data: ArrayLike<number>, shape: Shape, index: readonly number[]): number | undefined {
  if (index.some((i, d) => i < 0 || i >= (shape[d] as number))) return undefined;
  return data[index.reduce((place, i, d) => place * (shape[d] as number) + i, 0)];
}

/** Where element k of window o lies. */
const placeOf = (list: readonly Axis[], o: readonly number[], k: readonly number[]): number[] =>
  list.map(({ stride, dilation, padding }, d) => (o[d] as number) * stride + (k[d] as number) * dilation - padding);

type Convolve = typeof F.conv1d;
const convolutions = [F.conv1d, F.conv2d, F.conv3d] as readonly Convolve[];

describe("convolution", () => {
  test("sums the products of each window with the kernel, group by group", () => {
    fc.assert(
      fc.property(axes, small, small, small, small, (list, n, groups, inGroup, outGroup) => {
        const rank = list.length;
        const [sizes, kernel, counts] = [of(list, "size"), of(list, "kernel"), list.map(countOf)];
        const x = noise([n, groups * inGroup, ...sizes], 1);
        const weight = noise([groups * outGroup, inGroup, ...kernel], 2);
        const bias = noise([groups * outGroup], 3);
        const settings = { stride: of(list, "stride"), padding: of(list, "padding"), dilation: of(list, "dilation"), groups };
        const out = (convolutions[rank - 1] as Convolve)(x, weight, { bias, ...settings });
        const [xs, ws, bs] = [x.dataSync(), weight.dataSync(), bias.dataSync()];
        const shape = [n, groups * outGroup, ...counts];
        const expected = indices(shape).map(([i, o, ...window]) => {
          let sum = bs[o as number] as number;
          const group = Math.floor((o as number) / outGroup);
          for (const [c, ...k] of indices([inGroup, ...kernel])) {
            const place = placeOf(list, window, k);
            const value = at(xs, x.shape, [i as number, group * inGroup + (c as number), ...place]) ?? 0;
            sum += value * (at(ws, weight.shape, [o as number, c as number, ...k]) as number);
          }
          return sum;
        });
        expect(out.shape).toEqual(shape);
        expectClose(out.dataSync(), expected, { rtol: 1e-12, atol: 1e-12 });
      }),
      { numRuns: 60, seed: 1 },
    );
  });

  test("has the transposed convolution as its gradient by the input", () => {
    const two = fc.array(axis, { minLength: 1, maxLength: 2 });
    fc.assert(
      fc.property(two, small, small, small, (list, groups, inGroup, outGroup) => {
        const [sizes, kernel, counts] = [of(list, "size"), of(list, "kernel"), list.map(countOf)];
        const x = noise([2, groups * inGroup, ...sizes], 1);
        x.requiresGrad = true;
        const weight = noise([groups * outGroup, inGroup, ...kernel], 2);
        const settings = { stride: of(list, "stride"), padding: of(list, "padding"), dilation: of(list, "dilation"), groups };
        const grad = noise([2, groups * outGroup, ...counts], 3);
        (convolutions[list.length - 1] as Convolve)(x, weight, settings).backward(grad);
        // What the stride left over at the end.
        const outputPadding = list.map((each, d) => {
          const reached = ((counts[d] as number) - 1) * each.stride - 2 * each.padding + each.dilation * (each.kernel - 1) + 1;
          return each.size - reached;
        });
        const transposed = list.length === 1 ? F.convTranspose1d : F.convTranspose2d;
        expectClose((x.grad as Tensor).dataSync(), transposed(grad, weight, { ...settings, outputPadding }).dataSync(), {
          rtol: 1e-12,
          atol: 1e-12,
        });
      }),
      { numRuns: 60, seed: 2 },
    );
  });
});

const pool = fc
  .record({
    size: fc.integer({ min: 1, max: 8 }),
    kernel: fc.integer({ min: 1, max: 4 }),
    stride: fc.integer({ min: 1, max: 4 }),
    padding: fc.integer({ min: 0, max: 2 }),
    dilation: fc.constant(1),
  })
  .filter(({ size, kernel, padding }) => 2 * padding <= kernel && size + 2 * padding >= kernel);
const pools = fc.integer({ min: 1, max: 3 }).chain((rank) => fc.array(pool, { minLength: rank, maxLength: rank }));

/** One more window for what is left over, where it starts inside. */
function ceilCountOf({ size, kernel, stride, padding }: Axis): number {
  let count = 1;
  while (count * stride < size + padding && (count - 1) * stride + kernel < size + 2 * padding) count++;
  return count;
}

describe("pooling", () => {
  test("takes the largest element, and the mean, of each window", () => {
    fc.assert(
      fc.property(pools, fc.boolean(), fc.boolean(), (list, ceilMode, countIncludePad) => {
        const rank = list.length;
        const counts = list.map(ceilMode ? ceilCountOf : countOf);
        const x = noise([2, 2, ...of(list, "size")], 4);
        const options = { kernelSize: of(list, "kernel"), stride: of(list, "stride"), padding: of(list, "padding"), ceilMode };
        const max = ([F.maxPool1d, F.maxPool2d, F.maxPool3d][rank - 1] as typeof F.maxPool1d)(x, options);
        const mean = ([F.avgPool1d, F.avgPool2d, F.avgPool3d][rank - 1] as typeof F.avgPool1d)(x, { ...options, countIncludePad });
        const xs = x.dataSync();
        const windows = indices([2, 2, ...counts]).map(([n, c, ...window]) => {
          const places = indices(of(list, "kernel")).map((k) => placeOf(list, window, k));
          const values = places.map((place) => at(xs, x.shape, [n as number, c as number, ...place]));
          const padded = places.filter((place) => place.every((p, d) => p < (list[d] as Axis).size + (list[d] as Axis).padding));
          const there = values.filter((value) => value !== undefined);
          return { there, count: countIncludePad ? padded.length : there.length };
        });
        expect(max.shape).toEqual([2, 2, ...counts]);
        expectClose(
          max.dataSync(),
          windows.map(({ there }) => Math.max(...there)),
          { rtol: 0, atol: 0 },
        );
        expectClose(
          mean.dataSync(),
          windows.map(({ there, count }) => there.reduce((a, b) => a + b, 0) / count),
          { rtol: 1e-12, atol: 1e-12 },
        );
      }),
      { numRuns: 80, seed: 3 },
    );
  });

  test("that is adaptive goes from floor(i L / n) to ceil((i + 1) L / n)", () => {
    const size = fc.integer({ min: 1, max: 9 });
    fc.assert(
      fc.property(size, size, size, size, (h, w, outH, outW) => {
        const x = noise([1, 2, h, w], 5);
        const xs = x.dataSync();
        const windows = indices([2, outH, outW]).map(([c, i, j]) => {
          const range = (k: number, n: number, out: number) => {
            const start = Math.floor((k * n) / out);
            return Array.from({ length: Math.ceil(((k + 1) * n) / out) - start }, (_, l) => start + l);
          };
          return range(i as number, h, outH).flatMap((y) =>
            range(j as number, w, outW).map((z) => at(xs, x.shape, [0, c as number, y, z]) as number),
          );
        });
        const outputSize = [outH, outW];
        const [max, mean] = [F.adaptiveMaxPool2d(x, { outputSize }), F.adaptiveAvgPool2d(x, { outputSize })];
        expect(mean.shape).toEqual([1, 2, outH, outW]);
        expectClose(
          max.dataSync(),
          windows.map((values) => Math.max(...values)),
          { rtol: 0, atol: 0 },
        );
        expectClose(
          mean.dataSync(),
          windows.map((values) => values.reduce((a, b) => a + b, 0) / values.length),
          { rtol: 1e-12, atol: 1e-12 },
        );
      }),
      { numRuns: 60, seed: 4 },
    );
  });
});

describe("fold", () => {
  test("is the transpose of unfold: both give the same product with anything", () => {
    const two = fc.array(axis, { minLength: 2, maxLength: 2 });
    fc.assert(
      fc.property(two, (list) => {
        const outputSize = of(list, "size");
        const options = {
          kernelSize: of(list, "kernel"),
          stride: of(list, "stride"),
          padding: of(list, "padding"),
          dilation: of(list, "dilation"),
        };
        const x = noise([2, 3, ...outputSize], 6);
        const columns = F.unfold(x, options);
        const y = noise(columns.shape, 7);
        const [left, right] = [
          columns.mul(y).sum().itemSync(),
          F.fold(y, { outputSize, ...options })
            .mul(x)
            .sum()
            .itemSync(),
        ];
        expect(Math.abs(left - right)).toBeLessThan(1e-10 * (1 + product(columns.shape)));
      }),
      { numRuns: 60, seed: 5 },
    );
  });
});
