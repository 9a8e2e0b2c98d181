/** What becomes of kept and dropped elements: every variant, mask shape, layout and kind of number. */
import { cat, functional as F, grad, nn, type Tensor, tensor, zeros } from "@dropwise/core";
import { assert, assertSame, assertThrows } from "../../assert";
import { type Context, each, type Family, LARGE } from "../../case";
import { constant, generatorAt, type Input, input, uniform } from "../../inputs";
import { BITS, CONTRACTED, flushing, type Tolerance } from "../../tolerance";

/** Shapes of every rank, with sizes that are no multiples of 4. */
const SHAPES = [[7], [3, 5], [2, 3, 7], [2, 3, 1, 5], [2, 3, 2, 3, 5]];

const SPECIAL = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0, 0, 3e38, -3e38, 1e-30, 1];

const SUBNORMAL = [1e-40, -1e-40, 2 ** -149, 2 ** -127, -(2 ** -126), 1.5 * 2 ** -126, 1e-45];

/** A shape with ones in place of the sizes whose bit is clear. */
const noiseShapeOf = (shape: readonly number[], bits: number) => shape.map((size, i) => ((bits >> i) & 1 ? size : 1));

const VARIANTS = [
  {
    kind: "dropout1d",
    shapes: [
      [5, 9],
      [2, 5, 9],
    ],
  },
  { kind: "dropout2d", shapes: [[2, 5, 3, 4]] },
  {
    kind: "dropout3d",
    shapes: [
      [2, 3, 2, 3, 4],
      [3, 2, 3, 4],
    ],
  },
  { kind: "alphaDropout", shapes: [[1001], [3, 7]] },
  {
    kind: "featureAlphaDropout",
    shapes: [
      [2, 5, 3],
      [4, 6],
      [2, 3, 2, 3, 4],
    ],
  },
] as const;

/** Values, layouts and gradients of the dropout family. */
export const values: Family = {
  ...each(
    SHAPES,
    (shape) => `shares every mask shape that broadcasts to [${shape}], forward and backward`,
    (shape, { compare }) =>
      compare((x) => {
        const masks = Array.from({ length: 2 ** shape.length }, (_, bits) => noiseShapeOf(shape, bits));
        // Without leading sizes of 1 a mask shape says the same.
        const shorter = masks.filter(([size]) => size === 1).map((mask) => mask.slice(1));
        const generator = generatorAt(21);
        return cat(
          [...masks, ...shorter].map((noiseShape) => F.dropout(x, { p: 0.5, noiseShape, generator, elementOffset: noiseShape.length })),
        );
      }, uniform(shape)),
  ),

  ...each(
    VARIANTS,
    ({ kind }) => `gives ${kind} of the reference, forward and backward`,
    async ({ kind, shapes }, context) => {
      const within = kind.toLowerCase().includes("alpha") ? context.within(affine(context)) : context.compare;
      for (const shape of shapes) {
        for (const p of [0.2, 0.5, 0.9]) {
          await within((x) => F[kind](x, { p, training: true, generator: generatorAt(8, 1), elementOffset: 2 }), uniform(shape));
        }
      }
    },
  ),

  "puts +0 where it drops, whatever was there, and keeps the rest: NaN, infinities, -0": async ({ compare }) => {
    await compare((x) => F.dropout(x, { p: 0.5, generator: generatorAt(2) }), constant(input([900], SPECIAL)));
    await compare((x) => F.dropout(x, { p: 1, generator: generatorAt(2) }), constant(input([90], SPECIAL)));
  },

  "gives a dropped NaN or infinity a gradient of +0": async ({ compare }) => {
    await compare((x) => F.dropout(x, { p: 0.5, generator: generatorAt(2) }), input([90], SPECIAL));
  },

  "keeps subnormal numbers, or gives 0 where the device may": async ({ within, mayFlushSubnormals }) => {
    const drop = (x: Tensor) => F.dropout(x, { p: 0.5, generator: generatorAt(2) });
    if (!mayFlushSubnormals) return within(BITS)(drop, constant(input([70], SUBNORMAL)));
    // Here a scale of 2 lifts some of them back into the normal range, so those that may vanish are left as they are.
    await within(flushing({ ...BITS, signedZero: false }))(
      drop,
      constant(
        input(
          [70],
          SUBNORMAL.filter((x) => Math.abs(x) < 2 ** -127),
        ),
      ),
    );
  },

  "gives in place what it gives out of place": async (context) => {
    const inPlace = (x: Tensor, options: object) => F.dropout(x.mul(1), { p: 0.3, generator: generatorAt(4), inplace: true, ...options });
    await context.compare((x) => inPlace(x, {}), uniform([1021]));
    await context.compare((x) => inPlace(x, { noiseShape: [3, 1, 5] }), uniform([3, 4, 5]));
    await context.within(affine(context))(
      (x) => F.alphaDropout(x.mul(1), { p: 0.3, training: true, generator: generatorAt(4), inplace: true }),
      uniform([1021]),
    );
    // On the reference out of place, on the backend in place.
    await context.compare(
      (x) => (x.backend === context.backend ? inPlace(x, {}) : F.dropout(x.mul(1), { p: 0.3, generator: generatorAt(4) })),
      uniform([37]),
    );
  },

  "edits a view in place within its bounds, contiguous or not": async ({ compare }) => {
    const options = () => ({ p: 0.5, generator: generatorAt(6), inplace: true });
    const edited = (view: (x: Tensor) => Tensor) => (x: Tensor) => {
      const base = x.mul(1);
      F.dropout(view(base), options());
      return base;
    };
    await compare(
      edited((x) => x.slice(0, 3, 9)),
      constant(uniform([13, 5])),
    );
    await compare(
      edited((x) => x.slice(1, 1, 4)),
      constant(uniform([13, 5])),
    );
    await compare(
      edited((x) => x.transpose(0, 1)),
      constant(uniform([13, 5])),
    );
  },

  "reads strided input in logical order": async ({ compare }) => {
    const drop = (x: Tensor) => F.dropout(x, { p: 0.5, generator: generatorAt(6) });
    await compare((x) => drop(x.transpose(0, 1)), uniform([13, 5]));
    await compare((x) => drop(x.slice(1, 0, 5, 2)), uniform([13, 5]));
    await compare((x) => drop(x.expand([4, 5])), uniform([1, 5]));
  },

  "takes one value for all elements, and the gradient of a sum, without writing it out": async ({ compare }) => {
    await compare((x) => F.dropout(x.expand([9, 7]), { p: 0.5, generator: generatorAt(6) }), uniform([1, 1]));
    await compare((x) => F.dropout(x, { p: 0.5, generator: generatorAt(6) }).sum(), constant(uniform([1])));
    await compare(
      (x) =>
        F.dropout(x, { p: 0.5, generator: generatorAt(6, 2), elementOffset: 3 })
          .sum()
          .mul(0),
      uniform([101]),
    );
  },

  "multiplies float64 in double by the float32 scale, or refuses float64": async ({ backend, compare }) => {
    if (backend.info.dtypes.includes("float64")) {
      await compare((x) => F.dropout(x, { p: 0.1, generator: generatorAt(6) }), uniform([1001], { dtype: "float64" }));
      await compare((x) => F.alphaDropout(x, { p: 0.1, training: true, generator: generatorAt(6) }), uniform([1001], { dtype: "float64" }));
    } else {
      await assertThrows("UnsupportedOpError", () => zeros([3], { dtype: "float64", backend }), `${backend.name}, float64`);
    }
  },

  "draws the same masks for float64, where there is float64: shared, from any offset, seed and call, in place": async ({
    backend,
    compare,
  }) => {
    if (!backend.info.dtypes.includes("float64")) return; // refused, as above
    const x = uniform([5, 3, 7], { dtype: "float64" });
    const generator = () => generatorAt(2n ** 63n + 9n, 2n ** 32n + 5n);
    for (const noiseShape of [
      [5, 3, 7],
      [5, 1, 7],
      [1, 3, 1],
      [5, 1, 1],
    ]) {
      for (const elementOffset of [0, 3, 2 ** 34 - 6]) {
        const options = { p: 0.5, noiseShape, elementOffset };
        await compare((t) => F.dropout(t, { ...options, generator: generator() }), x);
        await compare((t) => F.dropout(t.mul(1), { ...options, inplace: true, generator: generator() }), x);
      }
    }
  },

  "draws the backward mask with the forward's call and element offset, whatever was drawn in between": async ({ compare }) => {
    await compare(
      (x) => {
        const generator = generatorAt(31, 2n ** 32n + 1n);
        const first = F.dropout(x, { p: 0.5, generator, elementOffset: 2 ** 34 + 5 });
        const second = F.dropout(first.add(x), { p: 0.25, generator, elementOffset: 7 });
        generator.manualSeed(0);
        return second.mul(second);
      },
      uniform([203]),
    );
  },

  "is its own second derivative: another affine select of the same mask": async ({ compare }) => {
    await compare(
      (x) => {
        const y = F.dropout(x, { p: 0.5, generator: generatorAt(3), elementOffset: 1 });
        const [first] = grad(y.mul(y).sum(), [x], { createGraph: true }) as [Tensor];
        return first;
      },
      uniform([67]),
    );
  },

  "returns its input in evaluation and at p = 0": ({ backend }) => {
    const x = zeros([3], { backend });
    for (const options of [{ p: 0.5, training: false }, { p: 0 }]) {
      assert(F.dropout(x, options) === x, `${backend.name}, dropout(${JSON.stringify(options)}): expected the input itself`);
    }
  },

  "gives +0 and a gradient of 0 at p = 1, for every kind": async ({ compare }) => {
    for (const kind of ["dropout", "alphaDropout", "featureAlphaDropout"] as const) {
      await compare((x) => F[kind](x, { p: 1, training: true }), uniform([3, 5]));
    }
  },

  "draws the last mask of a layer again": async ({ backend }) => {
    const layer = new nn.Dropout({ p: 0.3, generator: generatorAt(13) });
    const x = tensor(new Float32Array(257).fill(1), { backend });
    const y = await layer.forward(x).data();
    const mask = layer.lastMask();
    assert(mask !== null && mask.backend === backend, `${backend.name}, lastMask: expected a tensor on the backend`);
    const expected = Array.from(y, (value: number) => Number(value !== 0));
    assertSame(Array.from(await mask.data()), expected, `${backend.name}, lastMask`);
  },

  "gives large tensors of every kind: shared masks, in place, one value for all, from any offset": async (context) => {
    const shape = [67, 61, 65];
    const x = constant(uniform(shape));
    const options = (elementOffset: number) => ({ p: 0.3, training: true, generator: generatorAt(14, 2), elementOffset });
    await context.compare(
      (t) =>
        [
          [67, 61, 1],
          [67, 1, 65],
          [1, 61, 65],
          [1, 61, 1],
        ].map((noiseShape, i) => F.dropout(t, { ...options(i), noiseShape })),
      x,
    );
    await context.compare((t) => [1, 2, 3].map((offset) => F.dropout(t.mul(1), { ...options(offset), inplace: true })), x);
    await context.compare((t) => F.dropout(t.slice(0, 0, 1).slice(1, 0, 1).slice(2, 0, 1).expand(shape), options(2 ** 34 - 100_000)), x);
    await context.compare((t) => F.dropout(t.transpose(0, 2), options(0)), x);
    await context.within(affine(context))((t) => [F.alphaDropout(t, options(5)), F.featureAlphaDropout(t, options(6))], x);
  },

  "gives the same bits when it runs twice": async ({ backend, compare }) => {
    const x: Input = constant(uniform([LARGE]));
    const drop = (t: Tensor) => F.dropout(t, { p: 0.5, generator: generatorAt(1) });
    await compare((t) => {
      if (t.backend === backend) drop(t);
      return drop(t);
    }, x);
  },
};

// --- internal helpers ---

/** For an addition after the multiplication. */
function affine({ mayContract }: Context): Tolerance {
  return mayContract ? CONTRACTED : BITS;
}
