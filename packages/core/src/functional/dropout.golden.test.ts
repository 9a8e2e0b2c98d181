import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { functional as F, Generator, nn, ones, type Tensor } from "../index";
import { expectClose } from "../testing/close";
import { fromGolden, type GoldenTensor, readGolden } from "../testing/goldens";

interface MaskCase {
  readonly seed: string;
  readonly call: string;
  readonly n: number;
  readonly p: number;
  readonly kept: number;
  readonly first: string;
  readonly sha256: string;
}

interface DropoutCase {
  readonly kind: "dropout" | "dropout1d" | "dropout2d" | "dropout3d" | "alphaDropout" | "featureAlphaDropout";
  readonly p: number;
  readonly seed: string;
  readonly call: string;
  readonly mask_shape: readonly number[];
  readonly input: GoldenTensor;
  readonly output: GoldenTensor;
  readonly grad_output: GoldenTensor;
  readonly grad_input: GoldenTensor;
}

/** A generator that stands before the given call. */
function generatorAt(seed: string, call: string): Generator {
  const state = new Uint8Array(24);
  const view = new DataView(state.buffer);
  view.setBigUint64(0, BigInt(seed), true);
  view.setBigUint64(8, BigInt(call) * 4n, true);
  return new Generator(0).setState(state);
}

const maskOf = (x: Tensor) => new Uint8Array((x.dataSync() as Float32Array).map((value) => Number(value !== 0)));
const text = (mask: Uint8Array) => mask.join("");

describe("masks", () => {
  test.each(readGolden<{ masks: MaskCase[] }>("masks").masks)(
    "of $n elements at p = $p for seed $seed, call $call are the golden ones",
    (golden) => {
      const output = F.dropout(ones([golden.n]), { p: golden.p, generator: generatorAt(golden.seed, golden.call) });
      const mask = maskOf(output);
      output.dispose();
      expect(text(mask.slice(0, golden.first.length))).toBe(golden.first);
      expect(mask.reduce((sum, bit) => sum + bit, 0)).toBe(golden.kept);
      expect(createHash("sha256").update(mask).digest("hex")).toBe(golden.sha256);
    },
  );

  test("are those of PyTorch's CUDA nn.Dropout, first and second call after manual_seed(0)", () => {
    const layer = new nn.Dropout({ p: 0.5, generator: new Generator(0) });
    expect(text(maskOf(layer.forward(ones([32]))))).toBe("10000010101101000011001110000011");
    expect(text(maskOf(layer.forward(ones([32]))))).toBe("01010011110110001110111101100001");
  });
});

describe("the dropout family", () => {
  test.each(readGolden<{ cases: DropoutCase[] }>("dropout").cases)(
    "gives the golden output and gradient for $kind at p = $p, seed $seed",
    (golden) => {
      const alpha = golden.kind.toLowerCase().includes("alpha");
      const check = alpha
        ? (actual: Tensor, expected: GoldenTensor) => expectClose(actual.dataSync(), expected.data, { rtol: 1e-6, atol: 0 })
        : (actual: Tensor, expected: GoldenTensor) => expect([...actual.dataSync()]).toEqual(expected.data.map((v) => v + 0));
      const options = { p: golden.p, training: true, generator: generatorAt(golden.seed, golden.call) };
      const input = fromGolden(golden.input, true);
      const output = F[golden.kind](input, options);
      check(output, golden.output);
      output.backward(fromGolden(golden.grad_output));
      check(input.grad as Tensor, golden.grad_input);
      const inPlace = F[golden.kind](fromGolden(golden.input), {
        ...options,
        inplace: true,
        generator: generatorAt(golden.seed, golden.call),
      });
      check(inPlace, golden.output);
    },
  );
});
