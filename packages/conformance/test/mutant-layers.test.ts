/** Faults of core in normalisation, embedding and padding, and the tests that must notice. */
import type * as Core from "@dropwise/core";
import { describe, test, vi } from "vitest";
import { expectNoticed } from "./notices";

const faulty = vi.hoisted(() => ({ now: "" }));

/** Functions that are wrong while their fault is on. They compute what is right on `cpu` as the reference, which the suite calls by the same names. */
vi.mock("@dropwise/core", async (original) => {
  const core = await original<typeof Core>();
  const { functional: F } = core;
  const is = (fault: string) => faulty.now === fault;
  const wrong: Partial<typeof F> = {
    layerNorm(x, options) {
      if (!is("eps outside the root")) return F.layerNorm(x, options);
      const { normalizedShape, weight, bias, eps = 1e-5 } = options;
      const dim = (normalizedShape as number[]).map((_, i) => i - (normalizedShape as number[]).length);
      const centred = x.sub(x.mean({ dim, keepdim: true }));
      const y = centred.div(centred.mul(centred).mean({ dim, keepdim: true }).sqrt().add(eps));
      const scaled = weight ? y.mul(weight) : y;
      return bias ? scaled.add(bias) : scaled;
    },
    batchNorm(x, options) {
      const { runningVar, momentum = 0.1 } = options ?? {};
      const before = runningVar?.mul(1);
      const y = F.batchNorm(x, options);
      if (is("the running variance biased") && options?.training && runningVar && before) {
        const dim = x.shape.map((_, i) => i).filter((i) => i !== 1);
        const biased = before.mul(1 - momentum).add(x.detach().var({ dim, correction: 0 }).mul(momentum));
        new Holder(core, runningVar).set(biased);
      }
      return y;
    },
    embedding(index, weight, options) {
      const count = weight.shape[0] as number;
      const shifted = is("the index of an embedding one off") ? index.add(1).where(index.add(1).lt(count), 0) : index;
      return F.embedding(shifted, weight, is("the gradient of a padding row kept") ? {} : options);
    },
    pad: (x, options) =>
      F.pad(x, is("a mirror that shows the edge twice") && options.mode === "reflect" ? { ...options, mode: "replicate" } : options),
    interpolate: (x, options) => F.interpolate(x, is("corners never aligned") ? { ...options, alignCorners: undefined } : options),
  };
  /** Writes over a tensor, as a program can only by way of a module. */
  class Holder extends core.nn.Module {
    readonly value: Core.Tensor;
    constructor({ nn }: typeof Core, x: Core.Tensor) {
      super();
      this.value = new nn.Buffer(x);
    }
    set(values: Core.Tensor): void {
      this.loadStateDict({ value: values });
    }
    forward(): void {}
  }
  return { ...core, functional: { ...F, ...wrong } };
});

/** Each fault, and how the names of the tests that notice end. */
const FAULTS: readonly (readonly [fault: string, sentence: string])[] = [
  ["eps outside the root", 'layerNorm of [3,5] {"normalizedShape":[5],"eps":0.1}'],
  ["the running variance biased", "moves running values 0 as PyTorch does: of [6,4] by 0.1"],
  ["the running variance biased", "moves running values 3 as PyTorch does: of [1,3,2,2] by 1"],
  ["the index of an embedding one off", "embedding > gives case 0 as PyTorch does"],
  ["the gradient of a padding row kept", "embedding > gives case 2 as PyTorch does"],
  ["a mirror that shows the edge twice", 'pad of [2,3,5] {"pad":[2,1],"mode":"reflect"}'],
  ["corners never aligned", 'interpolate of [1,2,3,4] {"size":[5,6],"mode":"bilinear","alignCorners":true}'],
];

describe("the suite", () => {
  test.each(FAULTS)("notices %s", async (fault, sentence) => expectNoticed(faulty, fault, sentence));
});
