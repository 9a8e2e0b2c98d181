import { inspect } from "node:util";
import { describe, expect, test } from "vitest";
import { functional as F, full, nn, ones, optim, tensor } from "../index";
import { blindBackend } from "../testing/backends";
import { expectRefusal } from "../testing/refusal";

describe("JSON", () => {
  test("of a tensor, a model, its state or an optimizer is refused with what keeps weights", () => {
    const model = new nn.Sequential(new nn.Linear(2, 1));
    const optimizer = new optim.Adam(model.parameters());
    for (const value of [ones([2]), model, model.stateDict(), optimizer, { deep: [ones([1])] }])
      expectRefusal(() => JSON.stringify(value), "TypeError", "JSON: expected plain values, got a", "data()");
  });
});

describe("a value that is still to come", () => {
  const x = ones([]);

  test("is no number and no text: the message says to await it", async () => {
    let total = 0;
    for (const use of [
      () => {
        total += x.item() as never;
      },
      () => (x.item() as never) * 2,
      () => `${x.item()}`,
      () => (x.item() as never) > 1,
    ])
      expectRefusal(use, "TypeError", "item: expected its value, got the promise of it - write await x.item()");
    expectRefusal(() => Number(x.data()), "TypeError", "write await x.data()");
    total += await x.item();
    expect(total).toBe(1);
    expect(await Promise.all([x.item(), x.data()])).toEqual([1, new Float32Array([1])]);
  });

  test("on a device, too", async () => {
    const y = full([1], 3, { backend: blindBackend() });
    expectRefusal(() => Number(y.item()), "TypeError", "await");
    expect(await y.item()).toBe(3);
  });
});

describe("a tensor with an operator", () => {
  test("names the methods, where JavaScript would make a text of it", () => {
    const x = ones([1]) as never;
    for (const use of [() => x + 1, () => x * 2, () => x > 0, () => +x, () => -x])
      expectRefusal(use, "TypeError", "Tensor: expected a method, got an operator - write x.add(y)");
    expect(`${ones([1])}`).toBe("Tensor([1], [1], float32, cpu)");
  });
});

describe("printing", () => {
  test("with console.log shows what String shows, also inside objects", () => {
    const model = new nn.Sequential(new nn.Linear(2, 1), new nn.Dropout(0.5));
    expect(inspect(tensor([1, 2]))).toBe("Tensor([1, 2], [2], float32, cpu)");
    expect(inspect(model)).toBe(String(model));
    expect(inspect({ x: ones([1]) })).toBe("{ x: Tensor([1], [1], float32, cpu) }");
  });
});

describe("a common mistake is told under the name of the call", () => {
  const logits = ones([3, 4]);

  test("class labels that are floats", () => {
    const error = expectRefusal(
      () => F.crossEntropy(logits, tensor([0, 2, 1])),
      "TypeError",
      "crossEntropy: expected int32 classes, got float32",
    );
    expect(error.message).toContain('tensor(labels, { dtype: "int32" })');
  });

  test("a class that is not there", () => {
    const labels = tensor([0, 4, 1], { dtype: "int32" });
    expectRefusal(() => F.crossEntropy(logits, labels), "RangeError", "crossEntropy: expected classes from 0 to 3, got 4");
    expectRefusal(() => new nn.NLLLoss().forward(logits, labels), "RangeError", "nllLoss: expected classes from 0 to 3, got 4");
  });

  test("a dtype of another library", () => {
    for (const [name, near] of [
      ["float", "float32"],
      ["double", "float64"],
      ["torch.long", "int32"],
      ["int64", "int32"],
      ["boolean", "bool"],
    ] as const)
      expectRefusal(() => ones([1], { dtype: name as never }), "TypeError", 'ones: expected dtype "float32"', `did you mean ${near}?`);
  });

  test("a module or a promise in the place of a tensor", () => {
    expectRefusal(
      () => F.relu(new nn.ReLU() as never),
      "TypeError",
      "relu: expected a Tensor, got a value of type ReLU - call its forward(input)",
    );
    expectRefusal(() => F.relu(Promise.resolve(logits) as never), "TypeError", "await it first");
  });
});
