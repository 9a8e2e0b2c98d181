/** Dropout against known answers: masks of an independent implementation of the stream, and PyTorch's outputs and gradients. */
import { functional as F, ones, type Tensor, tensor } from "@dropwise/core";
import { assert, assertClose, assertSame } from "../../assert";
import { type Context, each, type Family } from "../../case";
import { fromGolden, type GoldenMask, type GoldenTensor, goldenDropouts, goldenMasks } from "../../goldens";
import { generatorAt } from "../../inputs";
import { BITS, CONTRACTED } from "../../tolerance";

const sizes = [...new Set(goldenMasks.map(({ n }) => n))];

const masks = each(
  sizes,
  (n) => `draws the golden masks of ${n} elements`,
  async (n, { backend }) => {
    // One at a time: the largest have 12 MB.
    for (const golden of goldenMasks.filter((mask) => mask.n === n)) {
      const x = ones([n], { backend });
      const y = F.dropout(x, { p: golden.p, generator: generatorAt(BigInt(golden.seed), BigInt(golden.call)) });
      const data = await y.data();
      const kept = new Uint8Array(n);
      for (let i = 0; i < n; i++) kept[i] = Number(data[i] !== 0);
      x.dispose();
      y.dispose();
      await checkMask(kept, golden, `${backend.name}, seed ${golden.seed}, call ${golden.call}, p = ${golden.p}`);
    }
  },
);

const cases = each(
  goldenDropouts.map((golden, i) => ({ golden, i })),
  ({ golden: { kind, p, input }, i }) => `gives the golden output and gradient of case ${i}: ${kind} of [${input.shape}] at p = ${p}`,
  async ({ golden }, { backend }) => {
    // The golden values of the alpha kinds are PyTorch's, whose constants are rounded elsewhere.
    const isAlpha = golden.kind.toLowerCase().includes("alpha");
    const on = (value: GoldenTensor, requiresGrad = false) => tensor(fromGolden(value).data, { shape: value.shape, requiresGrad, backend });
    const check = async (got: Tensor | null, expected: GoldenTensor, what: string) => {
      assert(got !== null, `${backend.name}, ${what}: expected a tensor, got none`);
      // PyTorch's dropped elements may be -0; ours are +0.
      const values = fromGolden(expected).data.map((value: number) => value + 0);
      assertClose(await got.data(), values, isAlpha ? CONTRACTED : BITS, `${backend.name}, ${what}`);
    };
    const options = () => ({ p: golden.p, training: true, generator: generatorAt(BigInt(golden.seed), BigInt(golden.call)) });
    const x = on(golden.input, true);
    const y = F[golden.kind](x, options());
    y.backward(on(golden.grad_output));
    await check(y, golden.output, "output");
    await check(x.grad, golden.grad_input, "gradient");
    await check(F[golden.kind](on(golden.input), { ...options(), inplace: true }), golden.output, "output in place");
  },
);

/** Golden masks and cases. */
export const golden: Family = { ...masks, ...cases, "draws PyTorch's CUDA masks after manual_seed(0), first and second call": cudaMasks };

// --- internal helpers ---

/** Printed by PyTorch on a GPU. */
async function cudaMasks({ backend }: Context): Promise<void> {
  const generator = generatorAt(0);
  for (const expected of ["10000010101101000011001110000011", "01010011110110001110111101100001"]) {
    const values = await F.dropout(ones([32], { backend }), { p: 0.5, generator }).data();
    assertSame(Array.from(values, (value: number) => Number(value !== 0)).join(""), expected, `${backend.name}, mask`);
  }
}

async function checkMask(kept: Uint8Array, expected: GoldenMask, what: string): Promise<void> {
  assertSame(kept.subarray(0, expected.first.length).join(""), expected.first, `${what}, first elements`);
  assertSame(
    kept.reduce((sum, bit) => sum + bit, 0),
    expected.kept,
    `${what}, kept`,
  );
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", kept as Uint8Array<ArrayBuffer>));
  assertSame(Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join(""), expected.sha256, `${what}, SHA-256 of the mask`);
}
