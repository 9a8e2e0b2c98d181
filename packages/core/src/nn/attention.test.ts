import { describe, expect, test } from "vitest";
import { checkpoint, functional as F, Generator, memory, nn, noGrad, randn, shards, type Tensor, tensor, tidy } from "../index";
import { expectClose } from "../testing/close";
import { expectRefusal } from "../testing/refusal";

const generator = new Generator(1);
const random = (...shape: number[]) => randn(shape, { generator });
const list = (x: Tensor | null | undefined) => [...(x?.dataSync() ?? [])];
const layerOf = (options: nn.MultiheadAttentionOptions = {}, seed = 2) =>
  new nn.MultiheadAttention(8, 2, { batchFirst: true, generator: new Generator(seed), ...options });
const close = (a: Tensor, b: Tensor) => expectClose(list(a), list(b), { rtol: 1e-5, atol: 1e-6 });

describe("MultiheadAttention", () => {
  test("starts with biases of zero and weights uniform in its bounds, the output's projection drawn first", () => {
    const layer = layerOf();
    const drawn = new Generator(2);
    const out = new nn.Linear(8, 8, { generator: drawn });
    expect(list(layer.out_proj.weight)).toEqual(list(out.weight));
    const packed = nn.init.xavierUniform(new nn.Parameter(random(24, 8)), { generator: drawn });
    expectClose(list(layer.in_proj_weight), list(packed), { rtol: 1e-6, atol: 0 }, "packed weights");
    expect(new Set([...list(layer.in_proj_bias), ...list(layer.out_proj.bias)])).toEqual(new Set([0]));
    expect(String(layer)).toBe("MultiheadAttention(\n  (out_proj): Linear(inFeatures=8, outFeatures=8, bias=true)\n)");
  });

  test("returns weights as they are after dropout, and the mask that dropped them", () => {
    const layer = layerOf({ dropout: 0.5 });
    const x = random(3, 4, 8);
    const [, weights] = layer.forward(x, x, x, { averageAttnWeights: false });
    const mask = layer.lastMask();
    expect(mask?.shape).toEqual([3, 2, 4, 4]);
    expect(list(weights).map((w) => Number(w !== 0))).toEqual(list(mask));
    const certain = layer.eval().forward(x, x, x, { averageAttnWeights: false })[1] as Tensor;
    expect(layer.lastMask()).toBeNull();
    close(weights as Tensor, certain.mul(2).where(mask as Tensor, 0));
  });

  test("draws the same mask whichever dimension comes first", () => {
    const [a, b] = [layerOf({ dropout: 0.5 }), layerOf({ dropout: 0.5, batchFirst: false })];
    const x = random(3, 4, 8);
    const y = x.transpose(0, 1);
    const [first, last] = [a.forward(x, x, x)[0], b.forward(y, y, y)[0]];
    expect(list(a.lastMask())).toEqual(list(b.lastMask()));
    close(first, last.transpose(0, 1));
  });

  test("drops whole heads before the output's projection, by a layer that has a mask of its own and no state", () => {
    const layer = layerOf({ dropout: 0.5, headDropout: 0.5 });
    const x = random(6, 4, 8);
    const [y, weights] = layer.forward(x, x, x, { averageAttnWeights: false });
    const mask = layer.headDropout?.lastMask() as Tensor;
    expect(mask.shape).toEqual([6, 2, 1, 1]);
    expect(new Set(list(mask))).toEqual(new Set([0, 1]));
    const values = F.linear(x, layer.in_proj_weight?.slice(0, 16, 24) as Tensor)
      .reshape([6, 4, 2, 4])
      .transpose(1, 2);
    const heads = (weights as Tensor).matmul(values).mul(2).where(mask, 0);
    close(y, layer.out_proj.forward(heads.transpose(1, 2).reshape([6, 4, 8])));

    const plain = layerOf({ dropout: 0.5 });
    expect(Object.keys(layer.stateDict())).toEqual(Object.keys(plain.stateDict()));
    expect(list(weights)).toEqual(list(plain.forward(x, x, x, { averageAttnWeights: false })[1]));
    expect(String(layer)).toContain("(headDropout): HeadDropout(p=0.5, inplace=false)");
    expect(list(layer.eval().forward(x, x, x)[0])).toEqual(list(plain.eval().forward(x, x, x)[0]));
  });

  test("draws nothing for heads where one mask or the other is refused", () => {
    expectRefusal(
      () => layerOf({ headDropout: 1.5 }),
      "RangeError",
      "MultiheadAttention: expected a drop probability p in [0, 1], got 1.5",
    );
    const own = new Generator(2);
    const layer = layerOf({ dropout: 0.5, headDropout: 0.5, generator: own });
    const x = random(2, 4, 8);
    const before = own.getState();
    (layer as { headDropout: unknown }).headDropout = {};
    expectRefusal(() => layer.forward(x, x, x), "TypeError", "MultiheadAttention: expected headDropout to be a module, got");
    expect(own.getState()).toEqual(before);
  });

  test("blocks where a mask is true, and scaledDotProductAttention lets through there", () => {
    const layer = layerOf();
    const x = random(1, 3, 8);
    const blocked = tensor([false, true, true, false, false, true, false, false, false], { shape: [3, 3] });
    const weights = layer.forward(x, x, x, { attnMask: blocked })[1];
    expect(list(weights).map((w) => Number(w === 0))).toEqual(list(blocked));
    close(layer.forward(x, x, x, { isCausal: true })[0], layer.forward(x, x, x, { attnMask: blocked })[0]);
    const h = random(1, 3, 8);
    const seen = F.scaledDotProductAttention(h, h, h, { attnMask: F.logicalNot(blocked) });
    close(seen, F.scaledDotProductAttention(h, h, h, { isCausal: true }));
  });

  test("takes bool and float masks together, a mask for each head, and inputs without a batch", () => {
    const layer = layerOf();
    const x = random(2, 3, 8);
    const padding = tensor([false, false, true, false, false, false], { shape: [2, 3] });
    const bias = random(3, 3);
    const both = layer.forward(x, x, x, { attnMask: bias, keyPaddingMask: padding })[0];
    const added = bias.add(tensor([0, 0, Number.NEGATIVE_INFINITY, 0, 0, 0], { shape: [2, 1, 1, 3] })).expand([2, 2, 3, 3]);
    close(both, layer.forward(x, x, x, { attnMask: added.reshape([4, 3, 3]) })[0]);
    const one = x.slice(0, 0, 1).squeeze(0);
    const [alone, weights] = layer.forward(one, one, one, { keyPaddingMask: padding.slice(0, 0, 1).squeeze(0), attnMask: bias });
    expect([alone.shape, weights?.shape]).toEqual([
      [3, 8],
      [3, 3],
    ]);
    close(alone, both.slice(0, 0, 1).squeeze(0));
  });

  test("gives what zeros give where every key is blocked", () => {
    const layer = layerOf();
    const x = random(1, 2, 8);
    const [y, weights] = layer.forward(x, x, x, { keyPaddingMask: tensor([true, true], { shape: [1, 2] }) });
    expect(new Set(list(weights))).toEqual(new Set([0]));
    expect(new Set([...list(y), ...list(layer.out_proj.bias)])).toEqual(new Set([0]));
  });

  test("goes on from its past: token by token as all at once", () => {
    const layer = layerOf({ dropout: 0.3 }).eval();
    const x = random(2, 5, 8);
    const whole = layer.forward(x, x, x, { isCausal: true })[0];
    const past = new nn.AttentionPast();
    const outputs = [0, 2, 3, 4].map((start, i) => {
      const part = x.slice(1, start, i === 0 ? 2 : start + 1);
      return noGrad(() => tidy(() => layer.forward(part, part, part, { isCausal: true, past, needWeights: false })[0]));
    });
    expect(past.length).toBe(5);
    outputs.forEach((y, i) => {
      close(y, i === 0 ? whole.slice(1, 0, 2) : whole.slice(1, i + 1, i + 2));
    });
    const refusal = () => layer.forward(random(1, 1, 8), random(1, 1, 8), random(1, 1, 8), { past });
    expectRefusal(refusal, "ShapeError", "MultiheadAttention: expected keys that fit a past of [2, 2, 5, 4], got [1, 2, 1, 4]");
    expect(past.length).toBe(5);
    past.clear();
    expect(past.length).toBe(0);
  });

  test("keeps no memory but the past's own", () => {
    const layer = layerOf().eval();
    const step = (past: nn.AttentionPast) =>
      tidy(() => void layer.forward(...([1, 2, 3].map(() => random(1, 1, 8)) as [Tensor, Tensor, Tensor]), { past }));
    const before = memory().tensors;
    const past = new nn.AttentionPast();
    for (let i = 0; i < 20; i++) step(past);
    expect(memory().tensors - before).toBe(2);
    past.clear();
    expect(memory().tensors - before).toBe(0);
  });

  test("is equal in three unequal parts of a batch, and when it runs again for its gradient", () => {
    for (const batchFirst of [true, false]) {
      const x = batchFirst ? random(7, 4, 8) : random(4, 7, 8);
      const dim = batchFirst ? 0 : 1;
      const run = (layer: nn.MultiheadAttention, part: Tensor) => layer.forward(part, part, part)[0];
      const whole = run(layerOf({ dropout: 0.5, headDropout: 0.3, batchFirst }), x);
      const layer = layerOf({ dropout: 0.5, headDropout: 0.3, batchFirst });
      const parts: Tensor[] = [];
      shards({ count: 3, total: 7 }, ({ start, rows }) => {
        parts.push(run(layer, x.slice(dim, start, start + rows)));
      });
      parts.reduce((start, part) => {
        close(part, whole.slice(dim, start, start + (part.shape[dim] as number)));
        return start + (part.shape[dim] as number);
      }, 0);
      const again = layerOf({ dropout: 0.5, headDropout: 0.3, batchFirst });
      const plain = layerOf({ dropout: 0.5, headDropout: 0.3, batchFirst });
      checkpoint((h: Tensor) => run(again, h), x)
        .sum()
        .backward();
      run(plain, x).sum().backward();
      expect(list(again.in_proj_weight?.grad)).toEqual(list(plain.in_proj_weight?.grad));
    }
  });

  test("refuses what does not fit, and draws nothing then", () => {
    const g = new Generator(1);
    const refusedNew = (options: object, name: string, message: string) =>
      expectRefusal(() => new nn.MultiheadAttention(8, 3, { generator: g, ...options }), name, `MultiheadAttention: ${message}`);
    refusedNew({}, "RangeError", "expected an embedDim that 3 heads divide, got 8");
    refusedNew({ kdim: 0 }, "RangeError", "expected kdim to be a positive integer, got 0");
    refusedNew({ heads: 2 }, "TypeError", "expected the options");
    expect(g.getState()).toEqual(new Generator(1).getState());
    const layer = layerOf({ dropout: 0.5, generator: g });
    const state = g.getState();
    const x = random(2, 3, 8);
    const refused = (args: Tensor[], call: object, name: string, message: string) =>
      expectRefusal(() => layer.forward(...(args as [Tensor, Tensor, Tensor]), call), name, `MultiheadAttention: ${message}`);
    const shape = "expected query, key and value [batch, positions, size] with sizes 8, 8 and 8, got";
    refused([x, x, random(2, 4, 8)], {}, "ShapeError", shape);
    refused([x, random(3, 3, 8), x], {}, "ShapeError", shape);
    refused([random(2, 3, 7), x, x], {}, "ShapeError", shape);
    refused([random(8), random(8), random(8)], {}, "ShapeError", shape);
    refused([x, x, x], { attnMask: random(2, 3) }, "ShapeError", "expected attnMask of [3, 3] or [4, 3, 3], got [2, 3]");
    refused([x, x, x], { keyPaddingMask: random(3, 2) }, "ShapeError", "expected keyPaddingMask of [2, 3], got [3, 2]");
    refused([x, x, x], { attnMask: random(3, 3).type("int32") }, "TypeError", "expected attnMask to be bool or float, got int32");
    refused([x, x, x], { past: {} }, "TypeError", "expected past to be an AttentionPast or null, got a value of type Object");
    layer.dropout = Number.NaN;
    refused([x, x, x], {}, "RangeError", "expected a drop probability p in [0, 1], got NaN");
    expect(g.getState()).toEqual(state);
  });
});
