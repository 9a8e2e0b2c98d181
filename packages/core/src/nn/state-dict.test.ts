import { describe, expect, test } from "vitest";
import { full, Generator, memory, nn, noGrad, ones, type Tensor, tensor, tidy, zeros } from "../index";
import { blindBackend, hostBackend } from "../testing/backends";
import { expectRefusal } from "../testing/refusal";

const list = (x: Tensor) => [...x.dataSync()];
const net = (seed = 1) => {
  const generator = new Generator(seed);
  return new nn.Sequential({ hidden: new nn.Linear(3, 2, { generator }), drop: new nn.Dropout(), out: new nn.Linear(2, 1, { generator }) });
};
const values = (model: nn.Module) => Object.fromEntries(Object.entries(model.stateDict()).map(([name, x]) => [name, x.dataSync()]));

describe("stateDict", () => {
  test("names the module's own tensors, buffers included, and needs nothing of dropout", () => {
    class Model extends nn.Module {
      net = net();
      mean = new nn.Buffer(zeros([2]));
      forward(x: Tensor): Tensor {
        return this.net.forward(x);
      }
    }
    const model = new Model();
    const state = model.stateDict();
    expect(Object.keys(state)).toEqual(["mean", "net.hidden.weight", "net.hidden.bias", "net.out.weight", "net.out.bias"]);
    expect(state.mean).toBe(model.mean);
  });
});

describe("loadStateDict", () => {
  test("copies values into the module's tensors, which stay the same objects in the same memory", () => {
    const [a, b] = [net(1), net(2)];
    const before = Object.values(b.stateDict()).map((x) => [x, x.storage]);
    b.loadStateDict(a.stateDict());
    expect(values(b)).toEqual(values(a));
    expect(Object.values(b.stateDict()).map((x) => [x, x.storage])).toEqual(before);
    const [first] = Object.values(a.stateDict()) as [Tensor];
    for (const x of Object.values(b.stateDict())) expect(x.storage).not.toBe(first.storage);
  });

  test("takes typed arrays, strided tensors, and works inside tidy and without a graph", () => {
    const model = net();
    const bytes = memory().bytes;
    tidy(() =>
      model.loadStateDict({
        ...values(model),
        "hidden.weight": tensor([
          [1, 4],
          [2, 5],
          [3, 6],
        ]).transpose(0, 1),
      }),
    );
    expect(list(model.stateDict()["hidden.weight"] as Tensor)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(memory().bytes).toBe(bytes);
    for (const p of model.parameters()) expect(p).toMatchObject({ isLeaf: true, requiresGrad: true });
  });

  test("of a module's own state changes nothing", () => {
    const model = net();
    const before = values(model);
    model.loadStateDict(model.stateDict());
    expect(values(model)).toEqual(before);
  });

  test("reads back what data() gave, on a backend without views", async () => {
    const backend = blindBackend();
    const layer = new nn.Linear(2, 2, { backend });
    const saved = Object.fromEntries(
      await Promise.all(Object.entries(layer.stateDict()).map(async ([name, x]) => [name, await x.data()] as const)),
    );
    const other = new nn.Linear(2, 2, { backend });
    other.loadStateDict(saved);
    expect(await other.weight.data()).toEqual(saved.weight);
  });

  test.each<[string, string, (state: Record<string, unknown>) => void, string]>([
    [
      "a missing name",
      "RangeError",
      (s) => delete s["out.bias"],
      "loadStateDict: expected exactly the names of the module, got 1 missing (out.bias) and 0 unexpected (none)",
    ],
    [
      "an unexpected name",
      "RangeError",
      (s) => {
        s.extra = ones([1]);
      },
      "got 0 missing (none) and 1 unexpected (extra)",
    ],
    [
      "another shape",
      "ShapeError",
      (s) => {
        s["out.weight"] = ones([2, 1]);
      },
      'loadStateDict: expected shape [1, 2] for "out.weight", got [2, 1]',
    ],
    [
      "an array of another length",
      "ShapeError",
      (s) => {
        s["out.weight"] = new Float32Array(3);
      },
      'loadStateDict: expected shape [1, 2] for "out.weight", got [3]',
    ],
    [
      "another dtype",
      "TypeError",
      (s) => {
        s["out.bias"] = new Float64Array(1);
      },
      'loadStateDict: expected float32 for "out.bias", got float64',
    ],
    [
      "what is no tensor",
      "TypeError",
      (s) => {
        s["out.bias"] = [1];
      },
      'loadStateDict: expected a tensor, a typed array or { shape, dtype, data } for "out.bias", got an array of 1',
    ],
    [
      "a disposed tensor",
      "DisposedError",
      (s) => {
        const gone = ones([1]);
        gone.dispose();
        s["out.bias"] = gone;
      },
      "loadStateDict: expected a live tensor",
    ],
  ])("refuses %s and changes nothing, though all before it fits", (_, name, spoil, message) => {
    const model = net();
    const before = values(model);
    const state: Record<string, unknown> = values(net(9));
    spoil(state);
    expectRefusal(() => model.loadStateDict(state as never), name, message);
    expect(values(model)).toEqual(before);
  });

  test("refuses to write into a disposed parameter, whose memory may be another's by now", () => {
    const backend = hostBackend();
    const layer = new nn.Linear(2, 2, { backend });
    const state = { weight: ones([2, 2], { backend }), bias: ones([2], { backend }) };
    const { weight } = layer;
    weight.dispose();
    const next = full([2, 2], 7, { backend }); // where the weight was
    expect(next.storage.handle).toBe(weight.storage.handle);
    expectRefusal(() => layer.loadStateDict(state), "DisposedError", "loadStateDict: expected a live tensor");
    expectRefusal(
      () => layer.loadStateDict({ ...state, weight: new Float32Array(4) }),
      "DisposedError",
      "loadStateDict: expected a live tensor",
    );
    expect(list(next)).toEqual([7, 7, 7, 7]);
  });

  test("refuses what is no object of tensors", () => {
    for (const state of [null, undefined, 5])
      expectRefusal(() => net().loadStateDict(state as never), "TypeError", "loadStateDict: expected an object of tensors");
  });
});

describe("a state that lies in the module's own memory", () => {
  const build = () => {
    const model = new nn.Sequential({ a: new nn.Linear(2, 2, { bias: false }), b: new nn.Linear(2, 2, { bias: false }) });
    const state = model.stateDict() as { "a.weight": Tensor; "b.weight": Tensor };
    model.loadStateDict({ "a.weight": new Float32Array([1, 2, 3, 4]), "b.weight": new Float32Array([5, 6, 7, 8]) });
    return { model, state, values: () => [...state["a.weight"].dataSync(), ...state["b.weight"].dataSync()] };
  };

  test("as a view of a parameter itself is copied first", () => {
    const { model, state, values } = build();
    model.loadStateDict({ ...state, "a.weight": noGrad(() => state["a.weight"].transpose(0, 1)) });
    expect(values()).toEqual([1, 3, 2, 4, 5, 6, 7, 8]);
  });

  test("as another parameter, too: two can be swapped", () => {
    const { model, state, values } = build();
    const before = memory();
    model.loadStateDict({ "a.weight": state["b.weight"], "b.weight": state["a.weight"] });
    expect(values()).toEqual([5, 6, 7, 8, 1, 2, 3, 4]);
    expect(memory().bytes).toBe(before.bytes);
  });

  test.each([new Map(), [], new nn.ReLU(), null, 3])("is no %o", (state) => {
    expectRefusal(() => build().model.loadStateDict(state as never), "TypeError", "loadStateDict: expected an object of tensors, got");
  });
});

describe("loadStateDict with options", () => {
  const saved = (model: nn.Module) =>
    Object.fromEntries(
      Object.entries(model.stateDict()).map(([name, x]) => [name, { shape: x.shape, dtype: x.dtype, data: x.dataSync() as Float32Array }]),
    );
  const refused = (model: nn.Module, state: unknown, options: object, name: string, message: string) => {
    const before = values(model);
    expectRefusal(() => model.loadStateDict(state as nn.StateDict, options), name, `loadStateDict: ${message}`);
    expect(values(model)).toEqual(before);
  };

  test("takes tensors of files, checks their shapes and says that all names met", () => {
    const [a, b] = [net(1), net(2)];
    expect(b.loadStateDict(saved(a))).toEqual({ missing: [], unexpected: [] });
    expect(values(b)).toEqual(values(a));
    const turned = saved(a);
    turned["hidden.weight"] = { ...(turned["hidden.weight"] as nn.SavedTensor), shape: [3, 2] } as never;
    refused(b, turned, {}, "ShapeError", 'expected shape [2, 3] for "hidden.weight", got [3, 2]');
  });

  test("loads what there is where it is not strict, and tells what did not meet", () => {
    const [a, b] = [net(1), net(2)];
    const before = values(b);
    const { "out.bias": _, ...rest } = saved(a);
    expect(b.loadStateDict({ ...rest, extra: ones([1]) }, { strict: false })).toEqual({ missing: ["out.bias"], unexpected: ["extra"] });
    expect(values(b)).toEqual({ ...values(a), "out.bias": before["out.bias"] });
    refused(b, { "hidden.weight": ones([9]) }, { strict: false }, "ShapeError", 'expected shape [2, 3] for "hidden.weight", got [9]');
  });

  test("renames by a map and by a function, which may leave values out", () => {
    const [a, b, c] = [net(1), net(2), net(3)];
    const state = saved(a);
    const old = Object.fromEntries(Object.entries(state).map(([name, value]) => [name === "out.bias" ? "head.offset" : name, value]));
    b.loadStateDict(old, { rename: { "head.offset": "out.bias" } });
    expect(values(b)).toEqual(values(a));
    const prefixed = Object.fromEntries([...Object.entries(state).map(([name, value]) => [`model.${name}`, value]), ["step", ones([1])]]);
    c.loadStateDict(prefixed, { rename: (name) => (name.startsWith("model.") ? name.slice(6) : null) });
    expect(values(c)).toEqual(values(a));
    refused(c, state, { rename: () => "out.bias" }, "RangeError", 'expected rename to give each name once, got "out.bias"');
    refused(c, state, { rename: () => 3 }, "TypeError", 'expected rename to give a name or null for "hidden.weight", got 3');
    refused(c, state, { rename: "out" }, "TypeError", 'expected rename to be an object of names or a function, got "out"');
  });

  test("converts other dtypes only where asked, but int64, which goes into int32 where it fits", () => {
    const model = net();
    const half = { shape: [1], dtype: "float16", data: new Float32Array([0.5]) };
    const state = { ...saved(model), "out.bias": half };
    refused(model, state, {}, "TypeError", 'expected float32 for "out.bias", got float16 - pass { convert: true } to have it converted');
    model.loadStateDict(state, { convert: true });
    expect(list(model.stateDict()["out.bias"] as Tensor)).toEqual([0.5]);
    model.loadStateDict({ ...state, "out.bias": { ...half, dtype: "float8_e4m3fn" } }, { convert: true });
    model.loadStateDict({ ...state, "out.bias": tensor(new Float64Array([0.25])) }, { convert: true });
    expect(list(model.stateDict()["out.bias"] as Tensor)).toEqual([0.25]);

    class Counter extends nn.Module {
      steps = new nn.Buffer(zeros([2], { dtype: "int32" }));
      forward(): void {}
    }
    const counter = new Counter();
    const steps = (...numbers: bigint[]) => ({ steps: { shape: [2], dtype: "int64", data: new BigInt64Array(numbers) } });
    counter.loadStateDict(steps(7n, -(2n ** 31n)));
    expect(list(counter.steps)).toEqual([7, -(2 ** 31)]);
    refused(counter, steps(1n, 2n ** 31n), {}, "RangeError", "expected numbers that fit int32, got 2147483648");
  });

  test("frees what it converted", () => {
    const model = net();
    const doubles = Object.fromEntries(Object.entries(model.stateDict()).map(([name, x]) => [name, x.detach().type("float64")]));
    const before = memory().tensors;
    model.loadStateDict(doubles, { convert: true });
    expect(memory().tensors).toBe(before);
  });

  test("refuses what is no tensor of a file", () => {
    const model = net();
    const bias = (value: object) => ({ ...saved(model), "out.bias": value });
    const data = new Float32Array([1]);
    refused(
      model,
      bias({ shape: [1], dtype: "float32", data: new Float64Array(1) }),
      {},
      "TypeError",
      "expected a Float32Array of float32",
    );
    refused(
      model,
      bias({ shape: [1], dtype: "float8", data }),
      {},
      "RangeError",
      'expected a dtype such as "float32" for "out.bias", got "float8"',
    );
    refused(model, bias({ shape: [2], dtype: "float32", data }), {}, "RangeError", 'expected 2 elements for "out.bias", got 1');
    refused(
      model,
      bias({ shape: "1", dtype: "float32", data }),
      {},
      "TypeError",
      "expected a tensor, a typed array or { shape, dtype, data }",
    );
    refused(
      model,
      saved(model),
      { strickt: false },
      "TypeError",
      'expected the options strict, convert, rename, got "strickt" - did you mean strict?',
    );
  });
});
