import { cpu, functional as F, type Tensor } from "@dropwise/core";
import { describe, expect, test } from "vitest";
import { comparer } from "./compare";
import { constant, generatorAt, integers, uniform } from "./inputs";
import { BITS, COMPOSED } from "./tolerance";
import { wrap } from "./wrap";

/** The reference once more, so that `fn` can do wrong on it on purpose. */
const other = wrap(cpu, { name: "other" });
const compare = comparer(other, BITS);

/** Does `wrong` on the backend under test and `right` on the reference. */
const differently = (right: (x: Tensor) => Tensor, wrong: (x: Tensor) => Tensor) => (x: Tensor) =>
  x.backend === other ? wrong(x) : right(x);

describe("compare", () => {
  test("finds a wrong value, and says which result of which backend has it", async () => {
    const fn = differently(
      (x) => x.mul(2),
      (x) => x.mul(2).add(1),
    );
    await expect(compare(fn, uniform([2, 3]))).rejects.toThrow(
      /^other, output \(\[2, 3\] float32\): element 0 of 6: expected .+, got .+, off by/,
    );
  });

  test("finds a wrong gradient behind a right value", async () => {
    const fn = differently(
      (x) => x.mul(1),
      (x) => x.detach().mul(3).sub(x.mul(2)),
    );
    await expect(comparer(other, COMPOSED)(fn, uniform([5]))).rejects.toThrow("other, gradient of input 0 ([5] float32)");
    await comparer(other, COMPOSED)(fn, constant(uniform([5])));
  });

  test("finds a missing gradient, another shape, another dtype, another number of results", async () => {
    const same = (x: Tensor) => x;
    await expect(
      compare(
        differently(same, (x) => x.detach()),
        uniform([4]),
      ),
    ).rejects.toThrow("results: expected 2, got 1");
    await expect(
      compare(
        differently(same, (x) => x.reshape([2, 2])),
        constant(uniform([4])),
      ),
    ).rejects.toThrow("shape: expected [4], got [2, 2]");
    await expect(
      compare(
        differently(same, (x) => x.type("float32")),
        integers([4]),
      ),
    ).rejects.toThrow("dtype: expected int32, got float32");
  });

  test("finds another mask", async () => {
    const drop = (seed: number) => (x: Tensor) => F.dropout(x, { p: 0.5, generator: generatorAt(seed) });
    await compare(drop(1), uniform([99]));
    await expect(compare(differently(drop(1), drop(2)), uniform([99]))).rejects.toThrow("other, output");
  });

  test("passes an error of either side on", async () => {
    const fail = () => {
      throw new RangeError("on purpose");
    };
    await expect(
      compare(
        differently((x) => x, fail),
        uniform([1]),
      ),
    ).rejects.toThrow("on purpose");
    await expect(
      compare(
        differently(fail, (x) => x),
        uniform([1]),
      ),
    ).rejects.toThrow("on purpose");
  });
});
