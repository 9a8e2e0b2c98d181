import { describe, expect, test } from "vitest";
import { functional as F, nn, ones, type Tensor, tensor } from "../index";
import { expectRefusal } from "../testing/refusal";

class Double extends nn.Module {
  forward(x: Tensor): Tensor {
    return x.mul(2);
  }
}

describe("forward hooks", () => {
  test("see inputs and output, in the order in which they came, of this module alone", () => {
    const [module, other] = [new Double(), new Double()];
    const seen: unknown[] = [];
    module.registerForwardPreHook((self, inputs) => void seen.push(["before", self, inputs]));
    module.registerForwardHook((_, inputs, output) => void seen.push(["after", inputs, output]));
    module.registerForwardHook(() => void seen.push("last"));
    const x = ones([1]);
    const y = new nn.Sequential(other, module).forward(x);
    const input = (seen[0] as [string, unknown, Tensor[]])[2];
    expect(seen).toEqual([["before", module, input], ["after", input, y], "last"]);
    expect(input[0]?.itemSync()).toBe(2);
  });

  test("replace inputs and output", () => {
    const module = new Double();
    module.registerForwardPreHook((_, [x]) => x.add(1));
    module.registerForwardPreHook((_, [x]) => [x.mul(10)]);
    module.registerForwardHook((_, inputs, y) => y.sub(inputs[0]));
    expect(module.forward(tensor(1)).itemSync()).toBe(20);
  });

  test("are taken away one by one, and the module is then as it was", () => {
    const module = new Double();
    const before = Object.getOwnPropertyNames(module);
    const seen: string[] = [];
    const hook = () => void seen.push("same");
    const [first, second] = [module.registerForwardHook(hook), module.registerForwardHook(hook)];
    first.remove();
    first.remove();
    module.forward(ones([]));
    expect(seen).toEqual(["same"]);
    second.remove();
    module.forward(ones([]));
    expect(seen.length).toBe(1);
    expect(Object.getOwnPropertyNames(module)).toEqual(before);
    module.registerForwardHook(hook);
    module.forward(ones([]));
    expect(seen.length).toBe(2);
  });

  test("may take themselves away", () => {
    const module = new Double();
    let calls = 0;
    const handle = module.registerForwardHook(() => {
      calls++;
      handle.remove();
    });
    for (let i = 0; i < 3; i++) module.forward(ones([]));
    expect(calls).toBe(1);
  });

  test("put a forward of the object's own back", () => {
    class Own extends nn.Module {
      factor = 3;
      forward = (x: Tensor) => x.mul(this.factor);
    }
    const module = new Own();
    const { forward } = module;
    const handle = module.registerForwardHook((_, __, y) => y.add(1));
    expect(module.forward(ones([])).itemSync()).toBe(4);
    handle.remove();
    expect(module.forward).toBe(forward);
  });

  test("leave a forward alone that somebody put there since", () => {
    const module = new Double();
    const handle = module.registerForwardHook((_, __, y) => y.add(1));
    const wrapped = module.forward;
    module.forward = (x) => wrapped.call(module, x).mul(100);
    expect(module.forward(ones([])).itemSync()).toBe(300);
    handle.remove();
    expect(module.forward(ones([])).itemSync()).toBe(200);
  });

  test("are no part of the state, and gradients go through what they give", () => {
    const model = new nn.Linear(2, 1);
    model.registerForwardHook((_, __, y) => F.relu(y).mul(3));
    expect(Object.keys(model.stateDict())).toEqual(["weight", "bias"]);
    expect(Object.keys(model)).not.toContain("forward");
    model.loadStateDict({ weight: new Float32Array([1, 1]), bias: new Float32Array(1) });
    model
      .forward(ones([1, 2]))
      .sum()
      .backward();
    expect([...(model.bias?.grad?.dataSync() ?? [])]).toEqual([3]);
  });

  test("refuse what is no module, no function, or a promise", () => {
    const module = new Double();
    const own = Object.getOwnPropertyNames(module);
    expectRefusal(() => module.registerForwardPreHook(1 as never), "TypeError", "registerForwardPreHook: expected a function");
    expect(Object.getOwnPropertyNames(module)).toEqual(own);
    module.registerForwardHook((async () => {}) as never);
    expectRefusal(() => module.forward(ones([])), "TypeError", "registerForwardHook: expected a function that returns at once");
  });
});
