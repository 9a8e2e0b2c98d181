import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { bernoulli, functional as F, full, Generator, ones, type Tensor, tidy } from "@dropwise/core";
import { torchCuda } from "@dropwise/core/streams";
import { afterAll, expect, test } from "vitest";
import { createNativeBackend } from "./create";

/** A mask that an H100 drew. */
interface Mask {
  readonly name: string;
  readonly n: number;
  readonly seed: number;
  readonly p: number;
  readonly call: number;
  readonly dtype: "float16" | "bfloat16" | "float32" | "float64";
  readonly sha256: string;
  readonly offset: number;
}

const { cases } = JSON.parse(readFileSync(new URL("../goldens/cuda-streams-long.json", import.meta.url), "utf8")) as { cases: Mask[] };
const backend = createNativeBackend();
afterAll(() => backend.dispose());

type Draw = (mask: Mask, generator: Generator) => Tensor;

/** How each is drawn: something that is not 0 where an element was kept. */
const DRAWS: Readonly<Record<string, Draw>> = {
  dropout: ({ n, p }, generator) => F.dropout(ones([n], { backend }), { p, generator }),
  dropout_: ({ n, p }, generator) => F.dropout(ones([n], { backend }), { p, generator, inplace: true }),
  bernoulli_: ({ n, p }, generator) => F.dropout(ones([n], { backend }), { p: 1 - p, generator, inplace: true }),
  bernoulli: ({ n, p }, generator) => bernoulli(full([n], p, { backend }), { generator }),
  alpha_dropout: ({ n, p }, generator) => F.alphaDropout(full([n], 100, { backend }), { p, generator, training: true }).gt(10),
  "dropout:big expanded": ({ p }, generator) => F.dropout(ones([1, 1], { backend }).expand([1200, 1000]), { p, generator }),
  "dropout:big step 2": ({ n, p }, generator) => F.dropout(ones([2 * n], { backend }).slice(0, 0, 2 * n, 2), { p, generator }),
};

// The long ones among an H100's masks, of several passes of the card: core's own tests draw the short ones on the reference.
test.each(
  cases.map((mask) => [`${mask.name} of ${mask.n} ${mask.dtype}, p ${mask.p}, seed ${mask.seed}, call ${mask.call}`, mask] as const),
)("the kernels draw %s", (_, mask) => {
  const generator = new Generator(mask.seed, { stream: torchCuda({ dtype: mask.dtype }) });
  const draw = DRAWS[mask.name] as Draw;
  for (let call = 0; call < mask.call; call++) draw(mask, generator).dispose();
  const values = tidy(() => draw(mask, generator).dataSync());
  const kept = new Uint8Array(values.length);
  for (let i = 0; i < kept.length; i++) kept[i] = Number(values[i] !== 0);
  const sha256 = createHash("sha256").update(kept).digest("hex");
  expect([sha256, Number(generator.offset)]).toEqual([mask.sha256, mask.offset]);
});
