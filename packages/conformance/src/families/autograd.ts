/** Gradients of whole expressions: graphs with branches, second derivatives, losses, models. */
import { functional as F, grad, gradcheck, gradgradcheck, noGrad, ones, randn, type Tensor, tensor } from "@dropwise/core";
import { assert, assertThrows } from "../assert";
import { type Context, each, type Family } from "../case";
import { constant, generatorAt, input, uniform } from "../inputs";
import { COMPOSED, TRANSCENDENTAL } from "../tolerance";

const LOSSES = {
  mseLoss: { input: [-2, 2], loss: F.mseLoss },
  l1Loss: { input: [-2, 2], loss: F.l1Loss },
  smoothL1Loss: { input: [-2, 2], loss: F.smoothL1Loss },
  binaryCrossEntropy: { input: [0.02, 0.98], loss: F.binaryCrossEntropy },
  binaryCrossEntropyWithLogits: { input: [-5, 5], loss: F.binaryCrossEntropyWithLogits },
} as const;

/** Functions whose first derivative is differentiated again. */
const TWICE: Readonly<Record<string, (x: Tensor, y: Tensor) => Tensor>> = {
  "a product": (x, y) => x.mul(y).mul(x),
  "a quotient": (x, y) => y.div(x.mul(x).add(1)),
  exp: (x) => x.exp(),
  tanh: (x) => F.tanh(x),
  sigmoid: (x) => F.sigmoid(x),
  "a power": (x) => x.mul(x).add(0.5).pow(1.5),
  "a matrix product": (x, y) => x.matmul(y.transpose(0, 1)).pow(2),
  softmax: (x, y) => F.softmax(x, { dim: 1 }).mul(y),
  logSoftmax: (x, y) => F.logSoftmax(x, { dim: 1 }).mul(y),
  "a gather": (x, y) => F.gather(x.mul(y), 1, tensor(new Int32Array([1, 0, 2, 2, 3]), { shape: [5, 1], backend: x.backend })),
  dropout: (x, y) =>
    F.dropout(x.mul(x), { p: 0.4, generator: generatorAt(5), elementOffset: 3 })
      .mul(y)
      .pow(2),
  alphaDropout: (x, y) => F.alphaDropout(x.mul(y), { p: 0.4, training: true, generator: generatorAt(5) }).pow(2),
};

const DROPOUTS = ["dropout", "dropout1d", "alphaDropout", "featureAlphaDropout"] as const;

/** Gradients. */
export const autograd: Family = {
  "adds up the gradients of a tensor that is used many times": ({ within }) =>
    within(COMPOSED)(
      (x, y) => {
        const a = x.mul(y);
        return a
          .add(a.transpose(0, 1))
          .mul(a)
          .add(x)
          .sub(a.slice(0, 0, 1));
      },
      uniform([4, 4]),
      uniform([4, 4], { seed: 2 }),
    ),

  "gives the gradient of one output through many": ({ within }) =>
    within(COMPOSED)((x) => [x.mul(2), x.exp(), x.sum(), x.slice(0, 1, 3)], uniform([5, 3])),

  "adds to a gradient that is there, once for each backward": ({ within }) =>
    within(COMPOSED)(
      (x) => {
        const y = x.mul(x).sum();
        y.backward(undefined, { retainGraph: true });
        y.backward(undefined, { retainGraph: true });
        return y;
      },
      uniform([33]),
    ),

  ...each(
    Object.keys(TWICE),
    (name) => `gives second derivatives of ${name}`,
    (name, { within }) =>
      within(TRANSCENDENTAL)(
        (x, y) => {
          const value = (TWICE[name] as (typeof TWICE)[string])(x, y);
          const [first] = grad(value.sum(), [x], { createGraph: true }) as [Tensor];
          return first.requiresGrad ? first.mul(first) : first;
        },
        uniform([5, 4]),
        constant(uniform([5, 4], { seed: 2 })),
      ),
  ),

  ...each(
    Object.keys(LOSSES) as (keyof typeof LOSSES)[],
    (name) => `gives ${name} and its gradient, for every reduction`,
    async (name, { within }) => {
      const { input, loss } = LOSSES[name];
      await within(TRANSCENDENTAL)(
        (x, y) => (["mean", "sum", "none"] as const).map((reduction) => loss(x, y, { reduction })),
        uniform([7, 9], { low: input[0], high: input[1] }),
        constant(uniform([7, 9], { seed: 2, low: 0, high: 1 })),
      );
    },
  ),

  "gives the gradients of a model with two dropouts": ({ within }) =>
    within(TRANSCENDENTAL)(
      (x, w1, b1, w2, b2) => {
        const generator = generatorAt(2024);
        const hidden = F.dropout(F.relu(F.linear(x, w1, b1)), { p: 0.5, generator });
        const out = F.dropout(F.linear(hidden, w2, b2), { p: 0.2, generator, noiseShape: [1, 6] });
        return F.logSoftmax(out, { dim: 1 }).mean();
      },
      uniform([13, 10]),
      uniform([20, 10], { seed: 2 }),
      uniform([20], { seed: 3 }),
      uniform([6, 20], { seed: 4 }),
      uniform([6], { seed: 5 }),
    ),

  ...each(
    DROPOUTS,
    (kind) => `passes a numerical check of ${kind} in float64, first and second derivative, or has no float64`,
    (kind, { backend }) => {
      if (!backend.info.dtypes.includes("float64")) return;
      const generator = generatorAt(77);
      const fn = (x: Tensor) => F[kind](x.mul(x), { p: 0.4, training: true, generator, elementOffset: 1 }).mul(x);
      const x = randn([2, 3, 4], { dtype: "float64", requiresGrad: true, backend, generator: generatorAt(1) });
      gradcheck(fn, [x], { generator });
      gradgradcheck(fn, [x], { generator });
      x.dispose();
    },
  ),

  "gives integers and bool no gradient, and none to what they were made of": async ({ backend, within }) => {
    const x = tensor([3.25, 0, -2.5], { backend, requiresGrad: true });
    for (const result of [x.type("int32"), x.type("bool"), x.gt(0), x.argmax(), x.type("int32").sum(), x.type("bool").amax()]) {
      assert(!result.requiresGrad, `${backend.name}: expected ${result.dtype} to require no gradient`);
    }
    await within(COMPOSED)(
      (t) => [
        t.sub(t.type("int32")),
        t.mul(t.type("bool")),
        t.mul(0.5).where(t.type("bool"), t.mul(3)),
        F.gather(t.mul(2), 0, t.abs().type("int32").clamp({ max: 2 })),
      ],
      input([3], [3.25, 0, -2.5]),
    );
  },

  "records nothing under noGrad, and nothing behind detach": async ({ backend, compare }) => {
    const x = ones([3], { backend, requiresGrad: true });
    assert(!noGrad(() => x.mul(2)).requiresGrad, `${backend.name}, noGrad: expected no graph`);
    await compare((t) => t.mul(2).detach().mul(t), uniform([9]));
  },

  "refuses a second backward through a graph that is gone": async ({ backend }) => {
    const y = ones([3], { backend, requiresGrad: true }).mul(2).sum();
    y.backward();
    await assertThrows("DisposedError", () => y.backward(), `${backend.name}, second backward`);
  },

  "refuses a backward that needs a value edited since": async ({ backend }) => {
    const x = ones([8], { backend, requiresGrad: true });
    const y = x.mul(3);
    const z = y.mul(y).sum();
    F.dropout(y, { p: 0.5, inplace: true, generator: generatorAt(1) });
    await assertThrows("InPlaceError", () => z.backward(), `${backend.name}, edited value`);
    assert(x.grad === null, `${backend.name}, edited value: expected no gradient, got one`);
  },

  "gives the same gradients, bit for bit, when it runs twice": async (context) => {
    const once = await modelGradient(context);
    const again = await modelGradient(context);
    assert(
      Array.from(once).every((value, i) => Object.is(value, again[i])),
      `${context.backend.name}: expected the same bits, got others`,
    );
    assert(
      Array.from(once).some((value) => value !== 0),
      `${context.backend.name}: expected gradients, got zeros`,
    );
  },
};

// --- internal helpers ---

async function modelGradient({ backend }: Context): Promise<ArrayLike<number>> {
  const on = (shape: number[], seed: number) => {
    const { data } = uniform(shape, { seed });
    return tensor(data, { shape, backend, requiresGrad: true });
  };
  const w = on([65, 129], 1);
  const loss = F.dropout(on([37, 129], 2).matmul(w.transpose(0, 1)), { p: 0.3, generator: generatorAt(4) });
  F.softmax(loss, { dim: 1 })
    .mul(on([37, 65], 3))
    .sum()
    .backward();
  return (await w.grad?.data()) ?? [];
}
