import { describe, expect, test } from "vitest";
import { nn, ones, type Tensor } from "../index";
import { expectRefusal } from "../testing/refusal";

class Part extends nn.Module {
  drop = new nn.Dropout();
  constructor(readonly owner: nn.Module) {
    super();
  }
  forward(x: Tensor): Tensor {
    return this.drop.forward(x);
  }
}

class Model extends nn.Module {
  part = new Part(this);
  linear = new nn.Linear(2, 2);
  forward(x: Tensor): Tensor {
    return this.part.forward(this.linear.forward(x));
  }
}

const nested = (depth: number): nn.Sequential => {
  let model = new nn.Sequential(new nn.Linear(1, 1));
  for (let i = 0; i < depth; i++) model = new nn.Sequential(model);
  return model;
};

describe("a part that knows the model it belongs to", () => {
  const model = new Model();

  test("is gone through once", () => {
    expect(model.eval().part.drop.training).toBe(false);
    expect([...model.namedModules()].map(([name]) => name)).toEqual(["", "part", "part.drop", "linear"]);
    expect(Object.keys(model.stateDict())).toEqual(["linear.weight", "linear.bias"]);
    const seen: nn.Module[] = [];
    model.apply((module) => seen.push(module));
    expect(seen).toEqual([model.part.drop, model.part, model.linear, model]);
  });

  test("names its owner in the text, and goes no further", () => {
    expect(String(model)).toBe(
      [
        "Model(",
        "  (part): Part(",
        "    (owner): Model(...)",
        "    (drop): Dropout(p=0.5, inplace=false)",
        "  )",
        "  (linear): Linear(inFeatures=2, outFeatures=2, bias=true)",
        ")",
      ].join("\n"),
    );
  });
});

describe("modules inside one another", () => {
  test("may be many", () => {
    const model = nested(500);
    expect([...model.modules()]).toHaveLength(502);
    expect(model.eval().forward(ones([1, 1])).shape).toEqual([1, 1]);
    expect(String(model)).toContain("(0): Sequential(...)");
  });

  test("but not without end: each use of them is refused by name", () => {
    const model = nested(20_000);
    const message = "Module: expected at most 1000 modules inside one another, got more - put them side by side";
    for (const use of [() => model.eval(), () => model.stateDict(), () => model.apply(() => {}), () => model.forward(ones([1, 1]))])
      expectRefusal(use, "RangeError", message);
    expect(String(model)).toContain("Sequential(...)");
  });

  test("beside what is no module, as deep as it likes", () => {
    class Holder extends nn.Module {
      chain: { next?: object } = {};
      layer = new nn.Linear(1, 1);
      forward(): void {}
    }
    const holder = new Holder();
    for (let i = 0, end = holder.chain; i < 20_000; i++) {
      end.next = {};
      end = end.next;
    }
    expect(Object.keys(holder.stateDict())).toEqual(["layer.weight", "layer.bias"]);
  });
});

describe("names of parts", () => {
  const layer = () => new nn.ReLU();

  test.each(["a.b", ""])("are not %j", (name) => {
    expectRefusal(
      () => new nn.Sequential({ [name]: layer() }),
      "RangeError",
      "Sequential: expected names of parts that are not empty and have no dot",
    );
    class Holder extends nn.Module {
      forward(): void {}
    }
    for (const parts of [{ [name]: layer() }, { inner: { [name]: [layer()] } }])
      expectRefusal(() => Object.assign(new Holder(), parts).eval(), "RangeError", "Module: expected names of parts", JSON.stringify(name));
    // What is no part may have any name.
    expect(Object.assign(new Holder(), { inner: { [name]: 3 } }).eval().training).toBe(false);
  });
});

describe("Sequential", () => {
  const layers = () => [new nn.Linear(2, 5), new nn.ReLU()];

  test.each([
    ["a Map", () => new Map([["hidden", layers()[0]]])],
    ["a Set", () => new Set(layers())],
    ["a generator", () => layers().values()],
  ])("of %s says how to give layers, where it would have none", (_, make) => {
    expectRefusal(() => new nn.Sequential(make() as never), "TypeError", "Sequential: expected a module, got a", "spread it");
  });

  test("of a function says to pass a layer", () => {
    expectRefusal(() => new nn.Sequential(Math.abs as never), "TypeError", "got a function", "pass a layer, such as new nn.ReLU()");
  });
});
