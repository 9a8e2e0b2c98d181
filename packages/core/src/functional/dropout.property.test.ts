import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { functional as F, Generator, nn, ones, randn, type Shape, type Tensor, tensor } from "../index";

const KINDS = ["dropout", "dropout1d", "dropout2d", "dropout3d", "alphaDropout", "featureAlphaDropout"] as const;
type Kind = (typeof KINDS)[number];

/** Ranks that a kind takes without a warning. */
const RANKS: Readonly<Record<Kind, [number, number]>> = {
  dropout: [0, 5],
  dropout1d: [2, 3],
  dropout2d: [4, 4],
  dropout3d: [4, 5],
  alphaDropout: [0, 5],
  featureAlphaDropout: [2, 5],
};

const sizes = (kind: Kind, min: number) => fc.array(fc.integer({ min, max: 5 }), { minLength: RANKS[kind][0], maxLength: RANKS[kind][1] });
const seeds = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n });
const probabilities = fc.oneof(fc.double({ min: 0, max: 1, noNaN: true }), fc.constantFrom(0, 0.1, 0.5, 0.9, 1));
const drawn = fc.double({ min: 1e-6, max: 0.999, noNaN: true });

/** A kind and a shape it takes; sizes from `min` on. */
const cases = (min = 1) =>
  fc.constantFrom(...KINDS).chain((kind) => fc.record({ kind: fc.constant(kind), shape: sizes(kind, min) as fc.Arbitrary<Shape> }));
const layerOf = (kind: Kind) => nn[(kind[0]?.toUpperCase() + kind.slice(1)) as "Dropout"];
const values = (shape: Shape, seed = 1) => randn(shape, { generator: new Generator(seed) });
const RUNS = { numRuns: 120 };

describe("for all kinds, shapes, p and seeds", () => {
  test("a call that is the identity returns the same object and takes no call", () => {
    fc.assert(
      fc.property(cases(0), probabilities, seeds, fc.boolean(), ({ kind, shape }, p, seed, inplace) => {
        const generator = new Generator(seed);
        const input = values(shape);
        expect(F[kind](input, { p, training: false, inplace, generator })).toBe(input);
        expect(F[kind](input, { p: 0, training: true, inplace, generator })).toBe(input);
        if (input.size === 0) expect(F[kind](input, { p, training: true, inplace, generator })).toBe(input);
        expect(generator.call).toBe(0n);
      }),
      RUNS,
    );
  });

  test("the backward pass is the forward applied to the gradient: same mask, dropped places 0", () => {
    fc.assert(
      fc.property(cases(), probabilities, seeds, ({ kind, shape }, p, seed) => {
        const input = values(shape);
        input.requiresGrad = true;
        const gradient = values(shape, 2);
        const output = F[kind](input, { p, training: true, generator: new Generator(seed) });
        output.backward(gradient);
        const actual = input.grad?.dataSync() as Float32Array;
        if (!kind.toLowerCase().includes("alpha")) {
          expect(actual).toEqual(F[kind](gradient, { p, training: true, generator: new Generator(seed) }).dataSync());
          return;
        }
        // The alpha kinds shift; the difference of two forwards is their linear part.
        const options = () => ({ p, training: true, generator: new Generator(seed) });
        const wide = gradient.type("float64");
        const linear = F[kind](wide, options())
          .sub(F[kind](wide.mul(0), options()))
          .dataSync();
        linear.forEach((expected, i) => {
          expect(Math.abs((actual[i] as number) - expected)).toBeLessThan(1e-5 * Math.max(1, Math.abs(expected)));
        });
      }),
      RUNS,
    );
  });

  test("lastMask agrees with the output of the layer", () => {
    fc.assert(
      fc.property(cases(), probabilities, seeds, fc.boolean(), ({ kind, shape }, p, seed, inplace) => {
        const layer = new (layerOf(kind))({ p, inplace, generator: new Generator(seed) });
        const input = ones(shape);
        const output = layer.forward(input);
        const mask = layer.lastMask() as Tensor;
        expect(mask.dtype).toBe("bool");
        const kept = mask.expand(shape).dataSync();
        const whole = output.dataSync();
        const values = new Set(Array.from(whole, (value, i) => `${kept[i]}:${value}`));
        // One value for what is kept and one for what is dropped, and they differ.
        expect(values.size).toBe(new Set(kept).size);
        expect(new Set(whole).size).toBe(new Set(kept).size);
      }),
      RUNS,
    );
  });

  test("in place and out of place have the same values", () => {
    fc.assert(
      fc.property(cases(), probabilities, seeds, ({ kind, shape }, p, seed) => {
        const options = (inplace: boolean) => ({ p, training: true, inplace, generator: new Generator(seed) });
        const expected = F[kind](values(shape), options(false)).dataSync();
        expect(F[kind](values(shape), options(true)).dataSync()).toEqual(expected);
      }),
      RUNS,
    );
  });

  test("float64 has the mask of float32", () => {
    fc.assert(
      fc.property(cases(), drawn, seeds, ({ kind, shape }, p, seed) => {
        const draw = (dtype: "float32" | "float64") =>
          F[kind](ones(shape, { dtype }), { p, training: true, generator: new Generator(seed) }).dataSync();
        const [single, wide] = [draw("float32"), draw("float64")];
        single.forEach((value, i) => {
          expect(Math.abs((wide[i] as number) - value)).toBeLessThanOrEqual(Math.abs(value) * 2 ** -22);
        });
      }),
      RUNS,
    );
  });
});

describe("for all lengths, cuts and offsets", () => {
  test("shards with elementOffset have together what the whole has", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 60 }),
        fc.array(fc.nat(60), { maxLength: 5 }),
        fc.integer({ min: 0, max: 2 ** 53 - 100 }),
        drawn,
        seeds,
        (length, cuts, base, p, seed) => {
          const generator = new Generator(seed);
          const data = values([length]).dataSync();
          const draw = (from: number, to: number) =>
            F.dropout(tensor(data.slice(from, to)), { p, elementOffset: base + from, generator: generator.clone() }).dataSync();
          const places = [0, ...cuts.map((cut) => Math.min(cut, length)).sort((a, b) => a - b), length];
          const shards = places.slice(1).flatMap((end, i) => [...draw(places[i] as number, end)]);
          expect(shards).toEqual([...draw(0, length)]);
        },
      ),
      RUNS,
    );
  });

  test("rows of a noiseShape mask, cut with elementOffset, have what the whole has", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 12 }),
        fc.integer({ min: 1, max: 4 }),
        fc.nat(11),
        drawn,
        seeds,
        (rows, columns, cut, p, seed) => {
          const at = Math.min(cut, rows);
          const draw = (from: number, to: number) => [
            ...F.dropout(ones([to - from, columns]), {
              p,
              noiseShape: [to - from, 1],
              elementOffset: from,
              generator: new Generator(seed),
            }).dataSync(),
          ];
          expect([...draw(0, at), ...draw(at, rows)]).toEqual(draw(0, rows));
        },
      ),
      RUNS,
    );
  });
});
