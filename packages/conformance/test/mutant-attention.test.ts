/** Faults of core in attention and its layers, and the tests that must notice. */
import type * as Core from "@dropwise/core";
import { describe, test, vi } from "vitest";
import { expectNoticed } from "./notices";

const faulty = vi.hoisted(() => ({ now: "" }));

/** Attention that is wrong while its fault is on. */
vi.mock("@dropwise/core", async (original) => {
  const core = await original<typeof Core>();
  const { functional: F } = core;
  const scaledDotProductAttention: typeof F.scaledDotProductAttention = (q, k, v, options = {}) => {
    const { attnMask = null, isCausal = false, dropoutP = 0, generator, ...rest } = options;
    const size = q.shape.at(-1) as number;
    switch (faulty.now) {
      case "no scale":
        return F.scaledDotProductAttention(q, k, v, { ...options, scale: 1 });
      case "the mask inverted": {
        const isBool = attnMask?.dtype === "bool";
        return F.scaledDotProductAttention(q, k, v, isBool ? { ...options, attnMask: F.logicalNot(attnMask) } : options);
      }
      case "causal off by one": {
        const [queries, keys] = [q.shape.at(-2) as number, k.shape.at(-2) as number];
        if (!isCausal) return F.scaledDotProductAttention(q, k, v, options);
        const seen = F.tril(core.ones([queries, keys], { backend: q.backend }), { diagonal: 1 }).gt(0);
        return F.scaledDotProductAttention(q, k, v, { ...rest, dropoutP, attnMask: seen, ...(generator ? { generator } : {}) });
      }
      case "heads mixed": {
        if (options.enableGqa !== true) return F.scaledDotProductAttention(q, k, v, options);
        const heads = (x: Core.Tensor) => F.repeat(x, { repeats: [1, (q.shape.at(-3) as number) / (k.shape.at(-3) as number), 1, 1] });
        return F.scaledDotProductAttention(q, heads(k), heads(v), { ...options, enableGqa: false });
      }
      case "dropout before the softmax": {
        const products = F.dropout(q.matmul(k.transpose(-2, -1)).div(Math.sqrt(size)), {
          p: dropoutP,
          ...(generator ? { generator } : {}),
        });
        return F.softmax(products, { dim: -1 }).matmul(v);
      }
      case "NaN where nothing is seen": {
        if (attnMask?.dtype !== "bool") return F.scaledDotProductAttention(q, k, v, options);
        const products = q.matmul(k.transpose(-2, -1)).div(Math.sqrt(size));
        return F.softmax(products.where(attnMask, Number.NEGATIVE_INFINITY), { dim: -1 }).matmul(v);
      }
    }
    return F.scaledDotProductAttention(q, k, v, options);
  };
  return { ...core, functional: { ...F, scaledDotProductAttention } };
});

/** Each fault, and what the names of the tests that notice have in them. */
const FAULTS: readonly (readonly [fault: string, sentence: string])[] = [
  ["no scale", "attention > gives case 0 as PyTorch does"],
  ["the mask inverted", "attention > gives case 9 as PyTorch does"],
  ["causal off by one", "attention > gives case 1 as PyTorch does"],
  ["causal off by one", "attention > gives case 2 as PyTorch does"],
  ["heads mixed", "attention > gives case 5 as PyTorch does"],
  ["NaN where nothing is seen", "attention > gives case 9 as PyTorch does"],
  ["dropout before the softmax", "models > trains a GPT like PyTorch"],
  ["heads mixed", "attention > gives case 7 as PyTorch does"],
];

describe("the suite", () => {
  test.each(FAULTS)("notices %s", async (fault, sentence) => expectNoticed(faulty, fault, sentence));
});
