import vm from "node:vm";
import { describe, expect, test } from "vitest";
import {
  cat,
  functional as F,
  full,
  Generator,
  nn,
  ones,
  rand,
  randn,
  stack,
  type Tensor,
  TensorDataset,
  tensor,
  tidy,
  zeros,
} from "../index";
import { hostBackend } from "../testing/backends";
import { expectRefusal } from "../testing/refusal";

describe("what a caller gives is not kept", () => {
  test.each([
    ["zeros", (shape: number[]) => zeros(shape)],
    ["ones", (shape: number[]) => ones(shape)],
    ["full", (shape: number[]) => full(shape, 2)],
    ["rand", (shape: number[]) => rand(shape)],
    ["randn", (shape: number[]) => randn(shape)],
    ["tensor", (shape: number[]) => tensor(new Float32Array(6), { shape })],
    ["reshape", (shape: number[]) => ones([6]).reshape(shape)],
    ["expand", (shape: number[]) => ones([1, 3]).expand(shape)],
  ])("the shape of %s", (_, make) => {
    const shape = [2, 3];
    const x = make(shape);
    shape[0] = 400;
    expect(x.shape).toEqual([2, 3]);
    expect(x.dataSync()).toHaveLength(6);
  });

  test("a noise shape, by a function and by a layer: gradients have the mask of the output", () => {
    const x = ones([4, 4], { requiresGrad: true });
    for (const make of [
      (noiseShape: number[]) => F.dropout(x, { noiseShape, generator: new Generator(5) }),
      (noiseShape: number[]) => {
        const layer = new nn.Dropout({ noiseShape, generator: new Generator(5) });
        noiseShape.reverse();
        return layer.forward(x);
      },
    ]) {
      const noiseShape = [4, 1];
      const y = make(noiseShape);
      [noiseShape[0], noiseShape[1]] = [1, 4];
      y.sum().backward();
      expect(x.grad?.dataSync()).toEqual(y.dataSync());
      x.grad = null;
    }
  });

  test("dims, places and elements", () => {
    const dims = [1, 0];
    const x = ones([2, 3], { requiresGrad: true });
    const y = x.permute(dims);
    dims.reverse();
    y.mul(
      tensor([
        [1, 2],
        [3, 4],
        [5, 6],
      ]),
    )
      .sum()
      .backward();
    expect([...(x.grad as Tensor).dataSync()]).toEqual([1, 3, 5, 2, 4, 6]);
    const data = new Float32Array([1, 2]);
    const z = tensor(data);
    data[0] = 9;
    expect([...z.dataSync()]).toEqual([1, 2]);
    const places = new Int32Array([1, 0]);
    const [batch] = new TensorDataset(z).batch(places);
    places[0] = 0;
    expect([...batch.dataSync()]).toEqual([2, 1]);
  });
});

/** A result of every operation that makes or changes a shape. */
const RESULTS: [string, (x: Tensor) => Tensor][] = [
  ["zeros", () => zeros([2, 3])],
  ["tensor", () => tensor([[1, 2]])],
  ["a typed array", () => tensor(new Float32Array(2))],
  ["rand", () => rand([2])],
  ["add", (x) => x.add(ones([3]))],
  ["add of a broadcast", (x) => ones([3]).add(x)],
  ["where", (x) => x.where(x.gt(0), ones([1, 3]))],
  ["sum", (x) => x.sum({ dim: 0 })],
  ["sum, kept", (x) => x.sum({ dim: 0, keepdim: true })],
  ["sum apart", (x) => x.reshape([1, 2, 3]).sum({ dim: [0, 2] })],
  ["argmax", (x) => x.argmax()],
  ["mean", (x) => x.mean()],
  ["var", (x) => x.var({ dim: 1 })],
  ["matmul", (x) => x.matmul(x.transpose(0, 1))],
  ["matmul in batches", (x) => x.reshape([1, 2, 3]).matmul(ones([4, 3, 2]))],
  ["linear", (x) => F.linear(x, ones([5, 3]))],
  ["reshape", (x) => x.reshape([-1])],
  ["permute", (x) => x.permute([1, 0])],
  ["slice", (x) => x.slice(1, 0, 2)],
  ["squeeze", (x) => x.slice(0, 0, 1).squeeze()],
  ["unsqueeze", (x) => x.unsqueeze(0)],
  ["expand", (x) => x.expand([4, 2, 3])],
  ["cat", (x) => cat([x, x])],
  ["stack", (x) => stack([x, x])],
  ["gather", (x) => F.gather(x, 1, tensor(new Int32Array([0, 1]), { shape: [2, 1] }))],
  ["dropout2d", (x) => F.dropout2d(x.reshape([1, 2, 3, 1]))],
  ["crossEntropy", (x) => F.crossEntropy(x, tensor(new Int32Array([0, 1])), { reduction: "none" })],
  [
    "the last mask",
    (x) => {
      const layer = new nn.Dropout1d(0.5);
      layer.forward(x);
      return layer.lastMask() as Tensor;
    },
  ],
  [
    "a gradient",
    (x) => {
      const leaf = x.detach();
      leaf.requiresGrad = true;
      F.linear(leaf, ones([5, 3]))
        .sum({ dim: 0 })
        .sum()
        .backward();
      return leaf.grad as Tensor;
    },
  ],
  ["a batch", (x) => new TensorDataset(x).batch([0])[0]],
];

describe("a shape cannot be written", () => {
  test.each(RESULTS)("of %s", (_, make) => {
    const { shape } = make(ones([2, 3]));
    expect(Object.isFrozen(shape)).toBe(true);
  });

  test("and not be replaced", () => {
    const x = ones([2]) as { shape: readonly number[] };
    expect(() => {
      x.shape = [400];
    }).toThrow(TypeError);
    expect(x.shape).toEqual([2]);
  });
});

describe("a gradient that is put there by hand", () => {
  const p = ones([2], { requiresGrad: true });
  const set = (value: unknown) => () => {
    p.grad = value as never;
  };

  test("has the shape, dtype and backend of its tensor", () => {
    expectRefusal(set(ones([20])), "ShapeError", "grad: expected a gradient of shape [2], got [20]");
    expectRefusal(set(ones([2], { dtype: "bool" })), "TypeError", "grad: expected a gradient of dtype float32, got bool");
    expectRefusal(set(ones([2], { backend: hostBackend() })), "BackendMismatchError", "grad: expected tensors of one backend");
    expectRefusal(set(p), "TypeError", "grad: expected another tensor");
    expectRefusal(set([1, 2]), "TypeError", "grad: expected a Tensor, got an array of 2");
    const gone = ones([2]);
    gone.dispose();
    expectRefusal(set(gone), "DisposedError", "grad: expected a live tensor");
    expect(p.grad).toBeNull();
  });

  test("is added to, and taken away by null and undefined", () => {
    set(ones([2]))();
    p.mul(2).sum().backward();
    expect([...(p.grad as unknown as Tensor).dataSync()]).toEqual([3, 3]);
    for (const none of [null, undefined]) {
      set(none)();
      expect(p.grad).toBeNull();
    }
  });
});

describe("objects of another realm", () => {
  const foreign = (code: string) => vm.runInNewContext(code);

  test("are data, states and options like any other", () => {
    expect([...tensor(foreign("new Float32Array([1, 2])")).dataSync()]).toEqual([1, 2]);
    expect(tensor(foreign("new Int32Array([1, 2])")).dtype).toBe("int32");
    expect([...tensor(foreign("[[1, 2], [3, 4]]")).dataSync()]).toEqual([1, 2, 3, 4]);
    expect(new Generator(1).setState(foreign("new Uint8Array(24)")).seed).toBe(0n);
    expect(ones(foreign("[2, 3]"), foreign("({ dtype: 'int32' })")).dtype).toBe("int32");
    const layer = new nn.Linear(1, 1);
    layer.loadStateDict({ weight: foreign("new Float32Array([2])"), bias: foreign("new Float32Array([3])") });
    expect(layer.forward(ones([1, 1])).itemSync()).toBe(5);
  });

  test("hold modules that are found, and tensors that survive", () => {
    class Holder extends nn.Module {
      parts = foreign("({ list: [] })");
      forward(): void {}
    }
    const holder = new Holder();
    holder.parts.list.push(new nn.Dropout());
    holder.eval();
    expect(holder.parts.list[0].training).toBe(false);
    const result = tidy(() => Object.assign(foreign("({})"), { y: ones([1]) }));
    expect(result.y.isDisposed).toBe(false);
    expectRefusal(
      () => Object.assign(new Holder(), { map: foreign("new Map()").set("a", new nn.ReLU()) }).eval(),
      "TypeError",
      "got one in a Map",
    );
  });
});

describe("results of a tidy", () => {
  test("may refer to themselves, and be as deep as they like", () => {
    const loop: Record<string, unknown> = {};
    loop.self = loop;
    expect(tidy(() => Object.assign(loop, { x: ones([1]) })).x.isDisposed).toBe(false);
    let deep: { x: Tensor; inner?: unknown } = { x: zeros([1]) };
    const last = tidy(() => {
      deep = { x: ones([1]) };
      let chain: unknown = deep;
      for (let i = 0; i < 20_000; i++) chain = i % 2 === 0 ? [chain] : { chain };
      return chain;
    });
    expect(last).toBeDefined();
    expect(deep.x.isDisposed).toBe(false);
  });
});
