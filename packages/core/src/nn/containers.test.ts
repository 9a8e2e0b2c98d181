import { describe, expect, test } from "vitest";
import { functional as F, nn, ones, type Tensor, tensor } from "../index";
import { expectRefusal } from "../testing/refusal";

const scale = (factor: number) => {
  const layer = new nn.Linear(1, 1, { bias: false });
  layer.loadStateDict({ weight: new Float32Array([factor]) });
  return layer;
};
/** x times `factor` plus 1, so that the order of several matters. */
const step = (factor: number) => {
  const layer = new nn.Linear(1, 1);
  layer.loadStateDict({ weight: new Float32Array([factor]), bias: new Float32Array([1]) });
  return layer;
};
const of = (module: nn.TensorModule, x = 1) => module.forward(tensor([x])).itemSync();

describe("Sequential", () => {
  test("is indexed from both ends, and counted", () => {
    const [a, b] = [scale(2), new nn.ReLU()];
    const model = new nn.Sequential(a, b, a);
    expect([model.at(0), model.at(1), model.at(-1), model.at(3), model.length]).toEqual([a, b, a, undefined, 3]);
    expect((model as unknown as Record<string, unknown>)[0]).toBe(a);
    expectRefusal(() => model.at(0.5), "RangeError", "at: expected index");
  });

  test("is appended to", () => {
    const model = new nn.Sequential(step(2));
    expect(model.append(step(3)).append(step(10))).toBe(model);
    expect([of(model), Object.keys(model.stateDict()).at(-1)]).toEqual([101, "2.bias"]);
    expectRefusal(() => model.append(F.relu as never), "TypeError", 'Sequential: expected a module, got a function for "3"');
    expect(model.length).toBe(3);
  });

  test("appends to what has names, and keeps the order in which modules came", () => {
    const model = new nn.Sequential({ first: step(2), second: step(3) }).append(step(10));
    expect([of(model), of(model.at(-1) as nn.TensorModule)]).toEqual([101, 11]);
    expect(Object.keys(model.stateDict())).toContain("2.weight");
  });

  test("runs a module that a program put at its end since", () => {
    const model = new nn.Sequential(step(2));
    Object.assign(model, { 1: step(3) });
    expect([of(model), model.length]).toEqual([10, 2]);
    expect(of(model.append(step(10)))).toBe(101);
  });
});

describe("ParameterList", () => {
  test("holds parameters, and makes them of tensors", () => {
    const parameter = new nn.Parameter(ones([2]));
    const list = new nn.ParameterList([parameter, ones([3])]).append(ones([1]));
    expect([list.length, list.at(0), list.at(-1)?.shape, list.at(1) instanceof nn.Parameter]).toEqual([3, parameter, [1], true]);
    class Model extends nn.Module {
      scales = list;
      forward(x: Tensor) {
        return [...this.scales].reduce((y, s) => y.mul(s.sum()), x);
      }
    }
    const model = new Model();
    expect(Object.keys(model.stateDict())).toEqual(["scales.0", "scales.1", "scales.2"]);
    expect([...model.parameters()].length).toBe(3);
    expect(model.forward(ones([])).itemSync()).toBe(6);
    expectRefusal(() => list.append([1] as never), "TypeError", "ParameterList: expected a parameter");
    expectRefusal(() => list.append(tensor(new Int32Array(1))), "TypeError", "Parameter: expected a float tensor");
    expectRefusal(() => list.forward(), "TypeError", "ParameterList: expected");
    expect(list.length).toBe(3);
  });
});

describe("ModuleDict", () => {
  test("holds modules by name, in the order in which they came", () => {
    const [relu, linear] = [new nn.ReLU(), scale(3)];
    const dict = new nn.ModuleDict<nn.TensorModule>({ relu, linear });
    dict.set("2", scale(4));
    expect([dict.length, dict.keys(), dict.has("relu"), dict.has("train"), dict.get("none")]).toEqual([
      3,
      ["relu", "linear", "2"],
      true,
      false,
      undefined,
    ]);
    expect(dict.values().slice(0, 2)).toEqual([relu, linear]);
    expect(dict.items()[1]).toEqual(["linear", linear]);
    dict.set("linear", scale(5));
    expect([of(dict.get("linear") as nn.TensorModule), dict.length]).toEqual([5, 3]);
    expect(Object.keys(dict.stateDict()).sort()).toEqual(["2.weight", "linear.weight"]);
  });

  test("refuses names that a module has for itself, and what is no module", () => {
    const dict = new nn.ModuleDict();
    for (const name of ["train", "forward", "constructor"])
      expectRefusal(() => dict.set(name, new nn.ReLU()), "RangeError", "set: expected a name");
    for (const name of ["", "a.b"]) expectRefusal(() => dict.set(name, new nn.ReLU()), "RangeError", "set: expected names of parts");
    expectRefusal(() => dict.set("a", F.relu as never), "TypeError", "set: expected a module, got a function");
    expectRefusal(() => new nn.ModuleDict([new nn.ReLU()] as never), "TypeError", "ModuleDict: expected modules in an object");
    expectRefusal(() => dict.forward(), "TypeError", "ModuleDict: expected");
    expect(dict.keys()).toEqual([]);
  });
});

describe("Unflatten", () => {
  test("undoes Flatten, with one size left open", () => {
    const x = ones([2, 12]);
    expect(new nn.Unflatten(1, [3, 4]).forward(x).shape).toEqual([2, 3, 4]);
    expect(new nn.Unflatten(-1, [2, -1, 3]).forward(x).shape).toEqual([2, 2, 2, 3]);
    expect(String(new nn.Unflatten(1, [3, -1]))).toBe("Unflatten(dim=1, unflattenedSize=[3, -1])");
  });

  test("refuses sizes that do not make up the dimension", () => {
    const x = ones([2, 12]);
    expectRefusal(() => new nn.Unflatten(1, [5, -1]).forward(x), "ShapeError", "Unflatten: expected", "[2, 12]", "[5, -1]");
    expectRefusal(() => new nn.Unflatten(1, [3, 3]).forward(x), "ShapeError", "Unflatten: expected", "[3, 3]");
    expectRefusal(() => new nn.Unflatten(2, [3]).forward(x), "RangeError", "Unflatten: expected dim");
    expectRefusal(() => new nn.Unflatten(1, [-1, -1]), "RangeError", "Unflatten: expected sizes");
    expectRefusal(() => new nn.Unflatten(1, []), "RangeError", "Unflatten: expected sizes");
    expectRefusal(() => new nn.Unflatten(1, 3 as never), "TypeError", "Unflatten: expected unflattenedSize");
  });
});
