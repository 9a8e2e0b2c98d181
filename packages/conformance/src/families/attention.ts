/** Attention: products, masks, dropout over the weights, and the layers around it. */
import { cat, functional as F, Generator, grad, nn, sample, shards, type Tensor, tensor, tidy } from "@dropwise/core";
import { BYTES_PER_ELEMENT } from "@dropwise/core/backend";
import { assert } from "../assert";
import { each, type Family } from "../case";
import { calledWith, goldenChecks } from "../golden-layers";
import { bools, constant, generatorAt, input, uniform } from "../inputs";
import { COMPOSED, SUMS } from "../tolerance";
import { wrap } from "../wrap";

const queries = uniform([2, 3, 5, 8], { seed: 1, low: -2, high: 2 });
const keys = uniform([2, 3, 7, 8], { seed: 2, low: -2, high: 2 });
const values = uniform([2, 3, 7, 4], { seed: 3 });

/** Sizes at the edges of what kernels take at a time, and what goes with them. */
const ARRANGEMENTS: readonly {
  readonly q: number[];
  readonly k: number[];
  readonly v?: number[];
  readonly options?: object;
  readonly mask?: number[];
}[] = [
  { q: [1, 2, 1, 8], k: [1, 2, 70, 8], options: { dropoutP: 0.3 } },
  { q: [2, 2, 65, 32], k: [2, 2, 65, 32], options: { isCausal: true, dropoutP: 0.2, elementOffset: 5 } },
  { q: [1, 1, 150, 16], k: [1, 1, 600, 16], v: [1, 1, 600, 5], options: { dropoutP: 0.5, elementOffset: 2 ** 34 - 7 } },
  { q: [1, 4, 30, 12], k: [1, 2, 40, 12], options: { enableGqa: true, dropoutP: 0.1 }, mask: [30, 40] },
  { q: [2, 6, 3, 4], k: [2, 2, 5, 4], options: { enableGqa: true, isCausal: true }, v: [2, 2, 5, 7] },
  { q: [3, 1, 9, 7], k: [2, 9, 7], options: { scale: 2, dropoutP: 0.4 }, mask: [3, 1, 1, 9] },
  { q: [5, 3], k: [4, 3], options: { dropoutP: 0.4 } },
  { q: [2, 2, 1, 3, 4], k: [2, 1, 2, 6, 4], mask: [2, 3, 6] },
];

/** Attention. */
export const attention: Family = {
  ...goldenChecks(/^scaledDotProductAttention$/, COMPOSED, calledWith),

  ...each(
    ARRANGEMENTS,
    ({ q, k, options = {}, mask }) =>
      `attends from [${q}] to [${k}] ${JSON.stringify(options)}${mask === undefined ? "" : ` masked by [${mask}]`}, forward and backward`,
    ({ q, k, v = k, options, mask }, { within }) =>
      within(SUMS)(
        (a, b, c, seen) =>
          F.scaledDotProductAttention(a as Tensor, b as Tensor, c as Tensor, {
            ...options,
            attnMask: mask === undefined ? null : (seen as Tensor),
            generator: generatorAt(11n, 2n ** 33n),
          }),
        uniform(q, { seed: 1, low: -2, high: 2 }),
        uniform(k, { seed: 2, low: -2, high: 2 }),
        uniform(v, { seed: 3 }),
        bools(mask ?? [1], 4),
      ),
  ),

  "drops the weights that dropout of them would drop, seen or hidden, whatever their number": async ({ compare }) => {
    for (const isCausal of [false, true]) {
      for (const [count, elementOffset] of [
        [64, 0],
        [67, 0],
        [66, 9],
        [3, 2],
      ] as const) {
        // Of equal weights and the identity comes the mask itself.
        await compare(
          (q, identity) =>
            F.scaledDotProductAttention(q, q, identity, { dropoutP: 0.4, isCausal, elementOffset, generator: new Generator(7) }).ne(0),
          constant(input([2, 2, count, 3], () => 0)),
          constant(input([count, count], (i) => Number(i % (count + 1) === 0))),
        );
      }
    }
  },

  "reads and writes heads that lie in the order of positions": ({ within }) =>
    within(SUMS)(
      (x) => {
        const [q, k, v] = [0, 1, 2].map((i) =>
          x
            .slice(2, 8 * i, 8 * (i + 1))
            .reshape([2, 37, 2, 4])
            .transpose(1, 2),
        ) as [Tensor, Tensor, Tensor];
        const y = F.scaledDotProductAttention(q, k, v, { dropoutP: 0.2, isCausal: true, generator: new Generator(4) });
        return y.transpose(1, 2).reshape([2, 37, 8]);
      },
      uniform([2, 37, 24], { seed: 12 }),
    ),

  "keeps large scores, infinities and NaN to the queries that have them": ({ within }) =>
    within(COMPOSED)(
      (q, k, v) => F.scaledDotProductAttention(q, k, v, { scale: 1 }),
      input([1, 1, 6, 2], [3e4, 1, -2e4, 2, Number.NaN, 0, Number.POSITIVE_INFINITY, 1, 1e-3, 90, -90, 0.5], { requiresGrad: false }),
      input([1, 1, 5, 2], [1, 0.5, 0.25, -1, 1.5, 1, 0.75, 2, -1, 1], { requiresGrad: false }),
      constant(uniform([1, 1, 5, 3], { seed: 9 })),
    ),

  "has gradients of its gradients": ({ within }) =>
    within({ ...COMPOSED, atol: 1e-5 })(
      (q, k, v) => {
        const y = F.scaledDotProductAttention(q, k, v, { dropoutP: 0.3, isCausal: true, enableGqa: true, generator: new Generator(8) });
        return grad(y.mul(y).sum(), [q, k, v], { createGraph: true });
      },
      uniform([1, 4, 5, 3], { seed: 1 }),
      uniform([1, 2, 6, 3], { seed: 2 }),
      uniform([1, 2, 6, 4], { seed: 3 }),
    ),

  "tells the mask of weights that nobody saw": ({ compare }) =>
    compare(
      (x) => {
        const layer = new nn.MultiheadAttention(8, 2, { dropout: 0.4, batchFirst: true, backend: x.backend, generator: new Generator(3) });
        layer.forward(x, x, x, { needWeights: false });
        const drawn = layer.lastMask() as Tensor;
        layer.dropout = 0;
        layer.forward(x, x, x, { needWeights: false });
        return [drawn, layer.lastMask() as Tensor];
      },
      constant(uniform([3, 5, 8], { seed: 5 })),
    ),

  "takes no memory of the size of its weights, where it has a kernel": async ({ backend }) => {
    if (backend.attention === undefined || (backend.info.contract ?? 1) < 2) return;
    const [live, sizes] = [{ bytes: 0, most: 0 }, new Map<unknown, number>()];
    const on = wrap(backend, {
      allocate(dtype, length) {
        const handle = backend.allocate(dtype, length);
        sizes.set(handle, length * BYTES_PER_ELEMENT[dtype]);
        live.bytes += length * BYTES_PER_ELEMENT[dtype];
        live.most = Math.max(live.most, live.bytes);
        return handle;
      },
      release(handle) {
        live.bytes -= sizes.get(handle) ?? 0;
        backend.release(handle);
      },
    });
    const shape = [1, 2, 1024, 16];
    const made = (seed: number) => tensor(uniform(shape, { seed }).data, { shape, requiresGrad: true, backend: on });
    const [q, k, v, incoming] = [made(1), made(2), made(3), made(4).detach()] as [Tensor, Tensor, Tensor, Tensor];
    tidy(() => F.scaledDotProductAttention(q, k, v, { dropoutP: 0.1, generator: new Generator(1) }).backward(incoming));
    const [own] = await Promise.all([q.grad?.data(), k.grad?.data(), v.grad?.data()]);
    assert(own?.length === q.size, `${backend.name}: expected gradients, got none`);
    const allowed = 1.3 * 8 * 4 * q.size;
    assert(
      live.most <= allowed,
      `${backend.name}: expected at most ${allowed} bytes for three tensors, an output and their gradients, got ${live.most}`,
    );
    for (const x of [q, k, v, incoming]) x.dispose();
  },

  "drops weights behind the softmax, by one mask in row-major order": ({ within }) =>
    within(COMPOSED)(
      (q, k, v) => F.scaledDotProductAttention(q, k, v, { dropoutP: 0.4, isCausal: true, generator: new Generator(5) }),
      queries,
      keys,
      values,
    ),

  "adds float masks, and gives zeros where nothing is seen": ({ within }) =>
    within(COMPOSED)(
      (q, k, v, bias, seen) => [
        F.scaledDotProductAttention(q, k, v, { attnMask: bias as never, scale: 0.7 }),
        F.scaledDotProductAttention(q, k, v, { attnMask: seen as never }),
        F.scaledDotProductAttention(q, k, v, { attnMask: F.logicalNot(F.logicalOr(seen as Tensor, F.logicalNot(seen as Tensor))) }),
      ],
      queries,
      keys,
      values,
      uniform([5, 7], { seed: 4, low: -1, high: 1 }),
      bools([5, 7]),
    ),

  "is in three unequal parts of a batch what it is in the whole, as are its layers": ({ backend, within }) => {
    // A backend of the first version knows no masks with gaps, which parts of a second dimension have.
    const dim = backend.info.contract === 2 ? 1 : 0;
    return within(COMPOSED)(
      (x) => {
        const options = { dimFeedforward: 12, dropout: 0.3, batchFirst: dim === 0, backend: x.backend, generator: generatorAt(11n) };
        const layer = new nn.TransformerEncoderLayer(8, 2, options);
        const part = (start: number, rows: number) => layer.forward(x.slice(dim, start, start + rows), { isCausal: true });
        // On the reference the whole, on the backend three parts.
        if (x.backend !== backend) return part(0, 7);
        return cat(
          shards({ count: 3, total: 7 }, ({ start, rows }) => part(start, rows)),
          { dim },
        );
      },
      uniform(dim === 0 ? [7, 4, 8] : [4, 7, 8], { seed: 8 }),
    );
  },

  "goes on from its past as from all at once": ({ within }) =>
    within(COMPOSED)(
      (x) => {
        const layer = new nn.MultiheadAttention(8, 2, { batchFirst: true, backend: x.backend, generator: new Generator(3) }).eval();
        const whole = layer.forward(x, x, x, { isCausal: true, needWeights: false })[0];
        const past = new nn.AttentionPast();
        const steps = [0, 1, 2, 3, 4].map((t) => {
          const token = x.slice(1, t, t + 1);
          return layer.forward(token, token, token, { isCausal: true, past, needWeights: false })[0].detach();
        });
        past.clear();
        return [whole.detach(), ...steps];
      },
      constant(uniform([2, 5, 8], { seed: 6 })),
    ),

  "samples the same places for a seed": ({ compare }) =>
    compare(
      (x) => [
        sample(x, { generator: new Generator(1) }),
        sample(x, { generator: new Generator(2), temperature: 0.5, topK: 5 }),
        sample(x, { generator: new Generator(3), topP: 0.6 }),
        sample(x, { temperature: 0 }),
      ],
      constant(uniform([33, 65], { seed: 7, low: -4, high: 4 })),
    ),
};
