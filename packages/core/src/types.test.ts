/** What TypeScript makes of the public face; a mistake here fails the type check, not the run. */
import { describe, expect, expectTypeOf, test } from "vitest";
import * as core from "./index";
import { type Backend, DataLoader, functional as F, nn, ones, type Tensor, TensorDataset, tidy } from "./index";

describe("types", () => {
  test("of Sequential: modules, or one object of them, and nothing else", () => {
    const model = new nn.Sequential(new nn.Linear(1, 1), new nn.ReLU());
    expectTypeOf(model.forward).toEqualTypeOf<(input: Tensor) => Tensor>();
    expectTypeOf(new nn.Sequential({ a: new nn.Linear(1, 1) })).toEqualTypeOf<nn.Sequential>();
    // @ts-expect-error a function is no module
    expect(() => new nn.Sequential(F.relu)).toThrow(TypeError);
    // @ts-expect-error a loss takes two tensors
    expect(new nn.Sequential(new nn.MSELoss())).toBeDefined();
  });

  test("of a DataLoader's batches: a tuple of the dataset's length", () => {
    const loader = new DataLoader(new TensorDataset(ones([2, 3]), ones([2])), { batchSize: 2 });
    for (const [input, target] of loader) {
      expectTypeOf(input).toEqualTypeOf<Tensor>();
      expectTypeOf(target).toEqualTypeOf<Tensor>();
      expect([input.shape, target.shape]).toEqual([[2, 3], [2]]);
    }
    // @ts-expect-error there is no third tensor
    for (const [, , third] of loader) expect(third).toBeUndefined();
  });

  test("of tidy and noGrad: what the function returns", () => {
    expectTypeOf(tidy(() => ({ a: ones([1]), n: 3 }))).toEqualTypeOf<{ a: Tensor; n: number }>();
    expectTypeOf(core.noGrad(() => "x")).toEqualTypeOf<string>();
    expect(tidy(() => 3)).toBe(3);
  });

  test("of modules: chaining keeps the class, and forward keeps its arguments", () => {
    class Model extends nn.Module {
      layer = new nn.Linear(2, 2);
      forward(x: Tensor, flag: boolean): Tensor {
        return flag ? this.layer.forward(x) : x;
      }
    }
    const model = new Model();
    expectTypeOf(model.train().eval()).toEqualTypeOf<Model>();
    expectTypeOf(model.to).returns.resolves.toEqualTypeOf<Model>();
    expectTypeOf(model.forward).parameters.toEqualTypeOf<[Tensor, boolean]>();
    // @ts-expect-error options, not positions
    expect(() => F.dropout(ones([1]), 0.5, true)).toThrow(TypeError);
    expectTypeOf(new nn.Dropout().lastMask()).toEqualTypeOf<Tensor | null>();
    expect(model.training).toBe(false);
  });

  test("of recurrent layers: the state is a pair of an LSTM, and one tensor of the others", () => {
    const [lstm, gru] = [new nn.LSTM(2, 2), new nn.GRU(2, 2)];
    const [output, [h, c]] = lstm.forward(ones([3, 1, 2]));
    expectTypeOf([output, h, c]).toEqualTypeOf<Tensor[]>();
    expectTypeOf(gru.forward).returns.toEqualTypeOf<[output: Tensor, h: Tensor]>();
    expectTypeOf(lstm.weight_hh_l0).toEqualTypeOf<nn.Parameter | undefined>();
    expectTypeOf(lstm.lastMask()).toEqualTypeOf<Tensor[] | null>();
    // @ts-expect-error two tensors
    expect(() => lstm.forward(ones([3, 1, 2]), h)).toThrow(TypeError);
    // @ts-expect-error one tensor
    expect(() => gru.forward(ones([3, 1, 2]), [h, h])).toThrow(TypeError);
    // @ts-expect-error unknown option
    expect(() => gru.forward(ones([3, 1, 2]), null, { length: [1] })).toThrow(TypeError);
    // @ts-expect-error only an RNN has one
    expect(() => new nn.GRU(2, 2, { nonlinearity: "relu" })).toThrow(TypeError);
  });

  test("of arguments: a number for p, options without unknown names, required dims", () => {
    expectTypeOf(F.dropout).parameter(1).extract<number>().toEqualTypeOf<number>();
    // @ts-expect-error unknown option
    expect(() => F.dropout(ones([1]), { P: 0.5, training: false })).toThrow(TypeError);
    // @ts-expect-error softmax has no default dim
    expect(() => F.softmax(ones([1]))).toThrow(TypeError);
    // @ts-expect-error no such dtype
    expect(() => ones([1], { dtype: "float16" })).toThrow(TypeError);
    expectTypeOf(core.cpu).toExtend<Backend<core.TypedArray>>();
  });
});

describe("the public face", () => {
  test("has these names and no others", () => {
    expect(Object.keys(core).sort()).toEqual(
      [
        ...[
          "BackendMismatchError",
          "BackendUnavailableError",
          "DataLoader",
          "DeviceLostError",
          "DisposedError",
          "Generator",
          "InPlaceError",
        ],
        ...["OutOfMemoryError", "RandomSampler", "ShapeError", "Subset", "TensorDataset", "UnsupportedOpError", "WeightedRandomSampler"],
        ...[
          "cat",
          "checkpoint",
          "cpu",
          "defaultCollate",
          "defaultGenerator",
          "enableGrad",
          "full",
          "functional",
          "getDefaultBackend",
          "grad",
          "gradcheck",
          "gradgradcheck",
        ],
        ...[
          "isGradEnabled",
          "isTensor",
          "keep",
          "manualSeed",
          "memory",
          "nn",
          "noGrad",
          "ones",
          "optim",
          "rand",
          "randn",
          "randomSplit",
          "setDefaultBackend",
        ],
        ...["shard", "shards", "stack", "tensor", "tidy", "zeros"],
        ...["arange", "bernoulli", "eye", "linspace", "multinomial", "normal", "onesLike", "randint", "randperm", "sample", "zerosLike"],
      ].sort(),
    );
  });
});
