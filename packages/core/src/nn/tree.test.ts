import { describe, expect, test } from "vitest";
import { nn, ones, type Tensor, zeros } from "../index";
import { expectRefusal } from "../testing/refusal";

const { Parameter, Buffer, Linear, Module } = nn;
abstract class Silent extends Module {
  forward(x: Tensor): Tensor {
    return x;
  }
}
const parameter = () => new Parameter(ones([1]));
const names = (module: nn.Module) => [...module.namedParameters()].map(([name]) => name);

describe("a module finds", () => {
  test("its parameters, buffers and modules in order of definition, with dotted names", () => {
    class Model extends Silent {
      scale = parameter();
      hidden = new Linear(2, 3);
      mean = new Buffer(zeros([3]));
      shift = parameter();
    }
    const model = new Model();
    // This module's own come before those of the modules inside, as in PyTorch.
    expect(names(model)).toEqual(["scale", "shift", "hidden.weight", "hidden.bias"]);
    expect([...model.namedBuffers()]).toEqual([["mean", model.mean]]);
    expect([...model.children()]).toEqual([model.hidden]);
    expect([...model.modules()]).toEqual([model, model.hidden]);
    expect([...model.namedModules()].map(([name]) => name)).toEqual(["", "hidden"]);
    expect(Object.keys(model.stateDict())).toEqual(["scale", "mean", "shift", "hidden.weight", "hidden.bias"]);
  });

  test("those in arrays and plain objects, at any depth", () => {
    class Model extends Silent {
      layers = [new Linear(1, 1, { bias: false }), new nn.ReLU(), new Linear(1, 1, { bias: false })];
      heads = { left: new Linear(1, 1), deep: { list: [parameter()] } };
      bare: Record<string, unknown> = Object.assign(Object.create(null), { weight: parameter() });
    }
    expect(names(new Model())).toEqual([
      "heads.deep.list.0",
      "bare.weight",
      "layers.0.weight",
      "layers.2.weight",
      "heads.left.weight",
      "heads.left.bias",
    ]);
  });

  test("a shared part once, under its first name, and each name in its state", () => {
    class Model extends Silent {
      a = new Linear(1, 1, { bias: false });
      b = this.a;
      tied = this.a.weight;
    }
    const model = new Model();
    expect([...model.parameters()]).toEqual([model.tied]);
    expect([...model.modules()]).toEqual([model, model.a]);
    expect(Object.keys(model.stateDict())).toEqual(["tied", "a.weight"]);
  });

  test("no plain tensors, no private fields and no accessors", () => {
    class Model extends Silent {
      constant = ones([1], { requiresGrad: true });
      #hidden = parameter();
      get hidden(): nn.Parameter {
        return this.#hidden;
      }
    }
    const model = new Model();
    expect(names(model)).toEqual([]);
    expect(model.hidden.requiresGrad).toBe(true);
  });

  test("its way through objects that refer to themselves, and modules that refer to their parent", () => {
    class Model extends Silent {
      loop: Record<string, unknown> = {};
      child = new Linear(1, 1, { bias: false });
      constructor() {
        super();
        this.loop.self = this.loop;
        (this.child as unknown as { parent: nn.Module }).parent = this;
      }
    }
    const model = new Model();
    expect(names(model)).toEqual(["child.weight"]);
    expect(model.train(false).training).toBe(false);
  });

  test.each([
    ["a Map", "Map", (x: nn.Module | nn.Parameter) => new Map([["a", x]])],
    ["a Set", "Set", (x: nn.Module | nn.Parameter) => new Set([x])],
  ])("nothing in %s, and says so with the fix", (_, kind, make) => {
    for (const part of [new Linear(1, 1), parameter()]) {
      class Model extends Silent {
        experts = make(part);
      }
      for (const walk of [(m: Model) => [...m.parameters()], (m: Model) => m.eval(), (m: Model) => String(m)]) {
        expectRefusal(
          () => walk(new Model()),
          "TypeError",
          `experts: expected modules and parameters in properties, arrays or plain objects, got one in a ${kind} - use an array or object`,
        );
      }
    }
    class Harmless extends Silent {
      names = new Map([["a", 1]]);
      tags = new Set(["x"]);
    }
    expect(names(new Harmless())).toEqual([]);
  });

  test("what was added after it was made", () => {
    const model = new nn.Sequential(new Linear(1, 1, { bias: false }));
    Object.assign(model, { extra: parameter() });
    expect(names(model)).toEqual(["extra", "0.weight"]);
  });
});

describe("Parameter and Buffer", () => {
  test("share the memory of the tensor they are made from and outlive it", () => {
    const data = ones([2, 2]);
    const p = new Parameter(data);
    expect(p.storage).toBe(data.storage);
    data.dispose();
    expect([...p.dataSync()]).toEqual([1, 1, 1, 1]);
    expect(p).toMatchObject({ requiresGrad: true, isLeaf: true });
    expect(new Parameter(ones([1]), { requiresGrad: false }).requiresGrad).toBe(false);
    expect(new Buffer(zeros([1])).requiresGrad).toBe(false);
  });

  test("are contiguous, whatever they are made from", () => {
    const p = new Parameter(ones([2, 3]).transpose(0, 1));
    expect(p.isContiguous()).toBe(true);
    expect(p.shape).toEqual([3, 2]);
  });

  test("refuse what is no tensor, and a parameter of integers that requires a gradient", () => {
    expectRefusal(
      () => new Parameter([1] as never),
      "TypeError",
      "Parameter: expected its value to be a Tensor, got an array of 1 - make one with tensor(data)",
    );
    expectRefusal(() => new Buffer(null as never), "TypeError", "Buffer: expected its value to be a Tensor, got null");
    expectRefusal(() => new Parameter(ones([1], { dtype: "int32" })), "TypeError", "Parameter: expected a float tensor");
  });
});
