import { describe, expect, test } from "vitest";
import { functional as F, Generator, ones } from "../index";
import { readGolden } from "../testing/goldens";
import { jaxFork } from "./jax";
import * as jaxRandom from "./jax-random";

interface Drawn {
  readonly randint: number[];
  readonly permutation: number[];
  readonly permutation3000: number[];
  readonly normal: number[];
  readonly uniform: number[];
  readonly split: number[][];
  readonly nnx: { readonly first: string[]; readonly second: string[] };
}

const drawn = readGolden<Drawn>("jax-random");
const key = jaxRandom.key(42);

/** Elements as far as the other has some; of floats within what two roundings leave. */
function expectNear(values: ArrayLike<number>, expected: readonly number[]) {
  for (const [i, value] of expected.entries()) expect(Math.abs((values[i] as number) - value)).toBeLessThan(1e-6);
}

describe("JAX itself drew", () => {
  test("the same integers, orders and keys from a key", () => {
    expect([...jaxRandom.randint(key, [7], -3, 100).dataSync()]).toEqual(drawn.randint);
    expect([...jaxRandom.permutation(key, 20).dataSync()]).toEqual(drawn.permutation);
    expect([...jaxRandom.permutation(key, 3000).dataSync().slice(0, 40)]).toEqual(drawn.permutation3000);
    expect(jaxRandom.split(key, 3).map((each) => [...each])).toEqual(drawn.split);
  });

  test("the same floats", () => {
    expectNear(jaxRandom.normal(key, [5]).dataSync(), drawn.normal);
    expectNear(jaxRandom.uniform(key, [5], { minval: -2, maxval: 3 }).dataSync(), drawn.uniform);
  });

  test("the same masks of two dropouts that were made after a linear layer of two parameters", () => {
    const masks = (fork: number, calls: number) => {
      const generator = new Generator(5, { stream: jaxFork(fork) });
      return Array.from({ length: calls }, () =>
        Array.from(F.dropout(ones([64]), { p: 0.3, generator }).dataSync(), (value) => Number(value !== 0)).join(""),
      );
    };
    expect([masks(2, 2), masks(3, 1)]).toEqual([drawn.nnx.first, drawn.nnx.second]);
  });
});
