import { describe, expect, test } from "vitest";
import { checkpoint, cpu, functional as F, Generator, memory, nn, ones, optim, randn, shards, type Tensor, tidy } from "../index";
import { expectClose } from "../testing/close";
import { expectRefusal } from "../testing/refusal";

const random = (...shape: number[]) => randn(shape, { generator: new Generator(1) });
const list = (x: Tensor | null | undefined) => [...(x?.dataSync() ?? [])];
const close = (a: Tensor, b: Tensor) => expectClose(list(a), list(b), { rtol: 1e-4, atol: 1e-5 });
const OPTIONS = { dimFeedforward: 10, dropout: 0.3 };
const encoderLayer = (options: nn.TransformerLayerOptions = {}, seed = 2) =>
  new nn.TransformerEncoderLayer(8, 2, { ...OPTIONS, generator: new Generator(seed), ...options });
const decoderLayer = (options: nn.TransformerLayerOptions = {}, seed = 2) =>
  new nn.TransformerDecoderLayer(8, 2, { ...OPTIONS, generator: new Generator(seed), ...options });

describe("transformer layers", () => {
  test("draw attention weights, what attention gives, inside the feed-forward part, what that gives, in this order", () => {
    const layer = encoderLayer();
    const x = random(4, 3, 8);
    const y = layer.forward(x);
    const generator = new Generator(2);
    encoderLayer({ generator }); // takes what the first one's initial values took
    const p = OPTIONS.dropout;
    const drop = (h: Tensor) => F.dropout(h, { p, generator });
    const heads = F.linear(x, layer.self_attn.in_proj_weight as Tensor, layer.self_attn.in_proj_bias);
    const [q, k, v] = F.chunk(heads, { chunks: 3, dim: -1 }).map((h) => h.reshape([4, 3, 2, 4]).permute([1, 2, 0, 3])) as [
      Tensor,
      Tensor,
      Tensor,
    ];
    const attention = drop(F.softmax(q.matmul(k.transpose(-2, -1)).mul(0.5), { dim: -1 })).matmul(v);
    const first = layer.norm1.forward(x.add(drop(layer.self_attn.out_proj.forward(attention.permute([2, 0, 1, 3]).reshape([4, 3, 8])))));
    const inner = drop(F.relu(layer.linear1.forward(first)));
    close(y, layer.norm2.forward(first.add(drop(layer.linear2.forward(inner)))));
    expect(generator.call).toBe(4n);
  });

  test("take six masks in a decoder layer, and none in eval mode", () => {
    const generator = new Generator(5);
    const layer = decoderLayer({ generator });
    layer.forward(random(4, 3, 8), random(2, 3, 8));
    expect(generator.call).toBe(6n);
    layer.eval().forward(random(4, 3, 8), random(2, 3, 8));
    expect(generator.call).toBe(6n);
  });

  test("see no later position when causal, neither of the target nor of what comes in parts", () => {
    const layer = encoderLayer({ batchFirst: true, normFirst: true, activation: "gelu" }).eval();
    const x = random(2, 5, 8);
    const whole = layer.forward(x, { isCausal: true });
    close(layer.forward(x.slice(1, 0, 3), { isCausal: true }), whole.slice(1, 0, 3));
    const encoder = new nn.TransformerEncoder(layer, 2, { norm: new nn.LayerNorm(8) });
    const past = encoder.layers.map(() => new nn.AttentionPast());
    const all = encoder.forward(x, { isCausal: true });
    for (let t = 0; t < 5; t++) close(encoder.forward(x.slice(1, t, t + 1), { isCausal: true, past }), all.slice(1, t, t + 1));
    const decoder = decoderLayer({ batchFirst: true }).eval();
    const seen = decoder.forward(x, x, { tgtIsCausal: true });
    close(decoder.forward(x.slice(1, 0, 3), x, { tgtIsCausal: true }), seen.slice(1, 0, 3));
  });

  test.each([true, false])("are equal in three unequal parts of a batch, batchFirst %s", (batchFirst) => {
    const dim = batchFirst ? 0 : 1;
    const [x, m] = batchFirst ? [random(7, 4, 8), random(7, 3, 8)] : [random(4, 7, 8), random(3, 7, 8)];
    const run = (g: Generator) => {
      const [e, d] = [encoderLayer({ batchFirst, generator: g }), decoderLayer({ batchFirst, generator: g })];
      return (a: Tensor, b: Tensor) => d.forward(a, e.forward(b));
    };
    const whole = run(new Generator(3))(x, m);
    const inParts = run(new Generator(3));
    let at = 0;
    shards({ count: 3, total: 7 }, ({ start, rows }) => {
      const part = inParts(x.slice(dim, start, start + rows), m.slice(dim, start, start + rows));
      close(part, whole.slice(dim, start, start + rows));
      at += rows;
    });
    expect(at).toBe(7);
  });

  test("have the same gradients when they run again for them", () => {
    const x = random(2, 4, 8);
    const gradients = (run: (layer: nn.TransformerEncoderLayer) => Tensor) => {
      const layer = encoderLayer({ batchFirst: true });
      run(layer)
        .mul(random(2, 4, 8))
        .sum()
        .backward();
      return [...layer.parameters()].map(({ grad }) => list(grad));
    };
    expect(gradients((layer) => checkpoint((h: Tensor) => layer.forward(h), x))).toEqual(gradients((layer) => layer.forward(x)));
  });

  test("train without growing", () => {
    const layer = encoderLayer({ batchFirst: true });
    const optimizer = new optim.AdamW(layer.parameters(), { lr: 1e-2 });
    const x = random(2, 4, 8);
    const step = () =>
      tidy(() => {
        optimizer.zeroGrad();
        layer.forward(x, { isCausal: true }).mul(x).sum().backward();
        optimizer.step();
      });
    for (let i = 0; i < 10; i++) step();
    const before = memory();
    for (let i = 0; i < 40; i++) step();
    expect(memory()).toEqual(before);
  });
});

describe("stacks", () => {
  test("hold copies with equal values, whose copying draws nothing", () => {
    const generator = new Generator(4);
    const layer = encoderLayer({ generator });
    layer.dropout1.p = 0.7;
    layer.self_attn.dropout = 0.6;
    (layer.linear1.weight as Tensor).requiresGrad = false;
    layer.eval();
    const before = generator.getState();
    const encoder = new nn.TransformerEncoder(layer, 2);
    expect(generator.getState()).toEqual(before);
    const [a, b] = encoder.layers as [nn.TransformerEncoderLayer, nn.TransformerEncoderLayer];
    expect(encoder.layers).not.toContain(layer);
    expect(list(a.linear1.weight)).toEqual(list(layer.linear1.weight));
    expect(a.linear1.weight).not.toBe(b.linear1.weight);
    expect([a.dropout1.p, a.self_attn.dropout, a.training, a.linear1.weight.requiresGrad]).toEqual([0.7, 0.6, false, false]);
    expect(a.linear2.weight.backend).toBe(cpu);
    expect(Object.keys(encoder.stateDict()).slice(0, 2)).toEqual(["layers.0.self_attn.in_proj_weight", "layers.0.self_attn.in_proj_bias"]);
    encoder.train().forward(random(3, 2, 8));
    expect(generator.call).toBe(8n);
  });

  test("end with their norm, and hand masks to every layer", () => {
    const norm = new nn.LayerNorm(8);
    const decoder = new nn.TransformerDecoder(decoderLayer(), 2, { norm }).eval();
    const [x, m] = [random(4, 1, 8), random(3, 1, 8)];
    const [a, b] = decoder.layers as [nn.TransformerDecoderLayer, nn.TransformerDecoderLayer];
    const call = { tgtIsCausal: true };
    close(decoder.forward(x, m, call), norm.forward(b.forward(a.forward(x, m, call), m, call)));
    expect(decoder.norm).toBe(norm);
  });

  test("refuse what is no layer, and past that does not fit", () => {
    class Own extends nn.TransformerEncoderLayer {}
    expectRefusal(
      () => new nn.TransformerEncoder(new Own(8, 2), 2),
      "TypeError",
      "copy: expected a TransformerEncoderLayer, got a subclass",
    );
    expectRefusal(() => new nn.TransformerEncoder({} as never, 2), "TypeError", "TransformerEncoder: expected a layer that has copy()");
    expectRefusal(
      () => new nn.TransformerEncoder(encoderLayer(), 0),
      "RangeError",
      "TransformerEncoder: expected numLayers to be a positive integer",
    );
    const encoder = new nn.TransformerEncoder(encoderLayer(), 2);
    expectRefusal(
      () => encoder.forward(random(2, 1, 8), { past: [] }),
      "RangeError",
      "TransformerEncoder: expected past for 2 layers, got 0",
    );
    expectRefusal(() => encoderLayer({ activation: "tanh" as never }), "RangeError", 'expected activation "relu", "gelu" or a function');
    const generator = new Generator(9);
    expectRefusal(() => encoderLayer({ generator, dropout: 2 }), "RangeError", "expected a drop probability p in [0, 1], got 2");
    expectRefusal(
      () => encoderLayer({ generator, dimFeedforward: 0 }),
      "RangeError",
      "expected dimFeedforward to be a positive integer, got 0",
    );
    expect(generator.getState()).toEqual(new Generator(9).getState());
  });
});

test("encoder layers stand in a Sequential, whose layers may be hooked", () => {
  const stack = new nn.Sequential(new nn.TransformerEncoderLayer(8, 2), new nn.Linear(8, 3));
  const shapes: string[] = [];
  stack.at(0)?.registerForwardHook((_module, _inputs, output) => {
    shapes.push(String(output.shape));
  });
  expect(stack.forward(ones([3, 1, 8])).shape).toEqual([3, 1, 3]);
  expect(shapes).toEqual(["3,1,8"]);
});
