/** The dropout family under each stream: the same masks as on the reference, whoever draws them. */
import { cat, functional as F, Generator, noGrad, shards } from "@dropwise/core";
import { jax, type Stream, torchCompiled, torchCpu, torchCuda } from "@dropwise/core/streams";
import { each, type Family } from "../../case";
import { constant, uniform } from "../../inputs";
import { COMPOSED } from "../../tolerance";

const STREAMS: readonly (readonly [string, Stream])[] = [
  ["torchCpu", torchCpu],
  ...(["float32", "float16", "float64"] as const).map((dtype) => [`torchCuda of ${dtype}`, torchCuda({ dtype })] as const),
  // So few threads that every kind of mask takes several passes.
  ["torchCuda of a small GPU", torchCuda({ multiprocessors: 1, threadsPerMultiprocessor: 256 })],
  ...(["efficient", "flash", "cudnn"] as const).map(
    (attention) => [`torchCuda with ${attention} attention`, torchCuda({ attention })] as const,
  ),
  ["torchCompiled on CUDA", torchCompiled()],
  ["torchCompiled on the CPU", torchCompiled({ device: "cpu" })],
  ["jax", jax],
];

const KINDS = [
  { op: "dropout", shape: [13, 5, 26] },
  { op: "dropout1d", shape: [13, 5, 4] },
  { op: "dropout2d", shape: [13, 5, 2, 3] },
  { op: "dropout3d", shape: [13, 3, 2, 1, 3] },
  { op: "alphaDropout", shape: [13, 5, 26] },
  { op: "featureAlphaDropout", shape: [13, 5, 6] },
] as const;

/** Each kind of dropout under each stream, call after call of one generator. */
export const underStreams: Family = each(
  STREAMS,
  ([name]) => `draws the masks of ${name}, with gradients, in place, in parts and in attention`,
  async ([, stream], { backend, compare, within }) => {
    const seeded = () => new Generator(23, { stream });
    for (const { op, shape } of KINDS) {
      const options = (generator: Generator) => ({ p: 0.4, training: true, generator });
      await compare((x) => {
        const generator = seeded();
        return F[op](F[op](x, options(generator)), options(generator));
      }, uniform(shape));
      await compare((x) => noGrad(() => F[op](x.mul(1), { ...options(seeded()), inplace: true })), constant(uniform(shape)));
      await compare(
        (x) => {
          const generator = seeded();
          if (x.backend !== backend) return F[op](x, options(generator));
          return cat(shards({ count: 4, total: 13 }, ({ start, rows }) => F[op](x.slice(0, start, start + rows), options(generator))));
        },
        constant(uniform(shape)),
      );
    }
    await compare((x) => F.dropout(x.transpose(0, 2), { p: 0.3, generator: seeded() }), constant(uniform([7, 5, 9])));
    await compare((x) => F.dropout(x, { p: 0.3, generator: seeded() }), uniform([4099]));
    await within(COMPOSED)((x) => F.scaledDotProductAttention(x, x, x, { dropoutP: 0.3, generator: seeded() }), uniform([2, 3, 21, 4]));
  },
);
