import { describe, expect, test } from "vitest";
import { referenceKernels } from "../cpu/reference-kernels";
import type { TypedArray } from "../dtype/dtype";
import { functional as F, Generator, grad, gradcheck, gradgradcheck, randn, type Tensor, tensor, tidy } from "../index";
import { relu, tanh } from "../ops/unary";
import { sizeOf } from "../shape/shape";
import { hostBackend } from "../testing/backends";
import { type Cell, type CellWeights, gruCell, lstmCell, overSequence, rnnCell } from "./recurrent";

const generator = new Generator(1);
const doubles = (...shape: number[]) => randn(shape, { dtype: "float64", requiresGrad: true, generator });
const [INPUT, HIDDEN] = [2, 3];

const CELLS = { tanh: rnnCell(tanh), relu: rnnCell(relu), lstm: lstmCell, gru: gruCell };

/** Input, parts of the state, and weights, in one list. */
function leavesOf({ gates, parts }: Cell, steps: number, batch: number): Tensor[] {
  const rows = gates * HIDDEN;
  return [
    doubles(steps, batch, INPUT),
    doubles(rows, INPUT),
    doubles(rows, HIDDEN),
    doubles(rows),
    doubles(rows),
    ...parts.map(() => doubles(batch, HIDDEN)),
  ];
}

const COURSES = [
  { lengths: null, reverse: false },
  { lengths: null, reverse: true },
  { lengths: [1, 3], reverse: false },
  { lengths: [2, 1], reverse: true },
];

describe.each(Object.entries(CELLS))("a sequence of %s cells", (_, cell) => {
  const run = (course: (typeof COURSES)[0], [x, ih, hh, biasIh, biasHh, ...state]: readonly Tensor[]) =>
    overSequence(cell, x as Tensor, state, { ih, hh, biasIh, biasHh } as CellWeights, course);

  test.each(COURSES)("has the gradients of its definition, and theirs: $lengths, reverse $reverse", (course) => {
    const leaves = leavesOf(cell, 3, 2);
    const all = (...inputs: Tensor[]) => {
      const { output, state } = run(course, inputs);
      return state.reduce((sum, part, i) => sum.add(part.mul(i + 2)), output.sum({ dim: 0 }));
    };
    expect(gradcheck(all, leaves)).toBe(true);
    expect(gradgradcheck(all, leaves)).toBe(true);
  });

  test("in reverse is the same over the reversed input, with its output reversed", () => {
    const [x, ...others] = leavesOf(cell, 4, 2) as [Tensor, ...Tensor[]];
    const reversed = run({ lengths: null, reverse: true }, [x, ...others]);
    const expected = run({ lengths: null, reverse: false }, [F.flip(x, { dims: 0 }), ...others]);
    expect(reversed.output.dataSync()).toEqual(F.flip(expected.output, { dims: 0 }).dataSync());
    expect(reversed.state.map((part) => part.dataSync())).toEqual(expected.state.map((part) => part.dataSync()));
  });

  test.each([false, true])("with lengths is each sample by itself, cut to its length; reverse %s", (reverse) => {
    const lengths = [2, 4, 1];
    const [x, ih, hh, biasIh, biasHh, ...state] = leavesOf(cell, 4, 3) as [Tensor, ...Tensor[]];
    const weights = [ih, hh, biasIh, biasHh] as Tensor[];
    const all = run({ lengths, reverse }, [x, ...weights, ...state]);
    lengths.forEach((length, i) => {
      const of = (y: Tensor) => y.slice(-2, i, i + 1);
      const alone = run({ lengths: null, reverse }, [of(x).slice(0, 0, length), ...weights, ...state.map(of)]);
      expect(of(all.output).slice(0, 0, length).dataSync()).toEqual(alone.output.dataSync());
      expect([...of(all.output).slice(0, length).dataSync()].every((value) => value === 0)).toBe(true);
      expect(all.state.map((part) => of(part).dataSync())).toEqual(alone.state.map((part) => part.dataSync()));
    });
  });

  test("reads nothing of the padding: neither values nor gradients see a NaN there", () => {
    const [x, ...others] = leavesOf(cell, 3, 2) as [Tensor, ...Tensor[]];
    const through = (padding: number) => {
      const values = Float64Array.from(x.dataSync(), (value, i) =>
        i >= 2 * INPUT * 2 || (i >= 2 * INPUT && i % 4 >= INPUT) ? padding : value,
      );
      const input = tensor(values, { shape: x.shape, requiresGrad: true });
      const { output, state } = run({ lengths: [2, 1], reverse: false }, [input, ...others]);
      const loss = state.reduce((sum, part) => sum.add(part.sum()), output.sum());
      return [output, ...state, ...grad(loss, [input, ...others])].map((y) => [...(y as Tensor).dataSync()]);
    };
    expect(through(Number.NaN)).toEqual(through(0));
    expect(through(Number.NaN).flat().every(Number.isFinite)).toBe(true);
  });
});

describe("a long sequence", () => {
  test("of 2,000 steps goes backward without a deep stack", () => {
    const [x, ...weights] = leavesOf(lstmCell, 2000, 1) as [Tensor, ...Tensor[]];
    const [ih, hh, biasIh, biasHh, h, c] = weights as Tensor[];
    tidy(() => {
      const { output } = overSequence(
        lstmCell,
        x,
        [h as Tensor, c as Tensor],
        { ih, hh, biasIh, biasHh } as CellWeights,
        COURSES[0] as (typeof COURSES)[0],
      );
      output.sum().backward();
    });
    expect([...(x.grad as Tensor).dataSync()].every(Number.isFinite)).toBe(true);
    expect((hh as Tensor).grad?.shape).toEqual([4 * HIDDEN, HIDDEN]);
  });

  test.each(Object.entries(CELLS))("of %s cells writes about as much for each step, however many there are", (_, cell) => {
    const written = (steps: number) => {
      let count = 0;
      const { fill } = referenceKernels(({ handle }) => handle as TypedArray);
      const backend = hostBackend("counting", {
        fill(out, value) {
          count += sizeOf(out.shape);
          fill(out, value);
        },
      });
      const [x, ih, hh, biasIh, biasHh, ...state] = leavesOf(cell, steps, 1).map((leaf) =>
        tensor(Float32Array.from(leaf.dataSync()), { shape: leaf.shape, requiresGrad: true, backend }),
      ) as [Tensor, ...Tensor[]];
      tidy(() => {
        const { output } = overSequence(cell, x, state, { ih, hh, biasIh, biasHh } as CellWeights, { lengths: null, reverse: false });
        output.sum().backward();
      });
      return count / steps;
    };
    // Each step adds the levels of a tree: 3 for 64 steps, 5 for 1,024. What is put into zeros of the whole would write 16 times as much.
    expect(written(1024) / written(64)).toBeLessThan(2);
  });
});
