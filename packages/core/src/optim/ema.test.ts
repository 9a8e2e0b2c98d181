import { describe, expect, test } from "vitest";
import { type Backend, cpu, memory, nn, ones, optim, type Tensor, tensor } from "../index";
import { blindBackend } from "../testing/backends";
import { failEverywhere } from "../testing/faults";
import { expectRefusal } from "../testing/refusal";

const list = (x: Tensor) => [...x.dataSync()];
/** Has a weight become `value`. */
function set(x: nn.Parameter, value: number): void {
  x.grad = x.sub(value).detach();
  new optim.SGD([x], { lr: 1 }).step();
}

describe("an average of weights", () => {
  test("is PyTorch's: the weights at first, then decay by decay", () => {
    const w = new nn.Parameter(tensor([2]));
    const ema = new optim.EMA([w], { decay: 0.75 });
    const averages = [3, 5, -1].map((value) => {
      set(w, value);
      ema.update();
      return ema.apply(() => w.dataSync()[0]);
    });
    expect(averages).toEqual([3, 3.5, 2.375]);
    expect(list(w)).toEqual([-1]);
  });

  test("takes the place of the weights and gives it back, also after an error and a promise", async () => {
    const w = new nn.Parameter(tensor([1, 2]));
    const ema = new optim.EMA(w);
    set(w, 5);
    ema.store();
    expect(list(w)).toEqual([1, 2]);
    expectRefusal(
      () => ema.update(),
      "TypeError",
      "update: expected the weights in their place, got their averages - call restore() first",
    );
    expectRefusal(() => ema.store(), "TypeError", "store: expected the weights in their place");
    ema.restore();
    expect(list(w)).toEqual([5, 5]);
    expectRefusal(() => ema.restore(), "TypeError", "restore: expected weights that store() kept, got none");
    expect(() =>
      ema.apply(() => {
        throw new Error("mine");
      }),
    ).toThrow("mine");
    expect(list(w)).toEqual([5, 5]);
    const seen = ema.apply(async () => {
      await Promise.resolve();
      return list(w);
    });
    expect(await seen).toEqual([1, 2]);
    expect(list(w)).toEqual([5, 5]);
    await expect(ema.apply(() => Promise.reject(new Error("late")))).rejects.toThrow("late");
    expect(list(w)).toEqual([5, 5]);
  });

  test("goes along to another backend, and is freed", async () => {
    const there = blindBackend() as Backend;
    const model = new nn.Linear(2, 1);
    const ema = new optim.EMA(model.parameters(), { decay: 0.5 });
    await model.to(there);
    ema.update();
    ema.update();
    expect(ema.stateDict().averages.map((x) => (x as Tensor).backend)).toEqual([there, there]);
    const w = new nn.Parameter(ones([3]));
    const before = memory().tensors;
    const other = new optim.EMA([w]);
    other.store();
    other.dispose();
    expect(memory().tensors).toBe(before);
    for (const use of [() => other.update(), () => other.store(), () => other.stateDict(), () => other.apply(() => 1)])
      expectRefusal(use, "DisposedError", "EMA: expected averages, got a disposed EMA - make a new one");
    expect(memory().tensors).toBe(before);
    expect(memory(cpu as Backend).tensors).toBe(before);
  });

  test("goes on from its state", () => {
    const make = () => {
      const w = new nn.Parameter(tensor([2]));
      return { w, ema: new optim.EMA([w], { decay: 0.75 }) };
    };
    const [a, b] = [make(), make()];
    set(a.w, 3);
    a.ema.update();
    b.ema.loadStateDict(a.ema.stateDict());
    for (const { w, ema } of [a, b]) {
      set(w, 5);
      ema.update();
      expect(ema.apply(() => list(w))).toEqual([3.5]);
    }
    const state = b.ema.stateDict();
    const values = list(state.averages[0] as Tensor);
    const wrong: [unknown, string, string][] = [
      [null, "TypeError", "loadStateDict: expected { nAveraged, averages }"],
      [{ ...state, decay: 1 }, "TypeError", "expected the options nAveraged, averages"],
      [{ ...state, nAveraged: -1 }, "RangeError", "nAveraged to be an integer of 0 or more"],
      [{ ...state, averages: [] }, "TypeError", "1 averages"],
      [{ ...state, averages: [new Float32Array(2)] }, "ShapeError", "expected shape [1] for average 0"],
      [{ ...state, averages: [new Float64Array(1)] }, "TypeError", "expected float32 for average 0"],
    ];
    for (const [dict, name, message] of wrong) expectRefusal(() => b.ema.loadStateDict(dict as never), name, message);
    expect(list(b.ema.stateDict().averages[0] as Tensor)).toEqual(values);
    expect(b.ema.stateDict().nAveraged).toBe(2);
  });

  test("is refused for what are no weights, and for a decay out of range", () => {
    const w = new nn.Parameter(ones([1]));
    expectRefusal(() => new optim.EMA([]), "RangeError", "EMA: expected at least one parameter, got none");
    expectRefusal(() => new optim.EMA([w, w]), "RangeError", "EMA: expected each parameter once");
    expectRefusal(() => new optim.EMA([3 as never]), "TypeError", "EMA: expected each parameter to be a Tensor, got 3");
    expectRefusal(() => new optim.EMA([ones([1], { dtype: "int32" })]), "TypeError", "EMA: expected parameters of floats, got int32");
    for (const decay of [-0.1, 1.1, Number.NaN]) expectRefusal(() => new optim.EMA([w], { decay }), "RangeError", "EMA: expected decay");
    expectRefusal(() => JSON.stringify(new optim.EMA([w])), "TypeError", "JSON");
  });

  test.each(["fused", "composed"] as const)(
    "updates all, or nothing where memory runs out, on a backend with %s kernels",
    async (kernels) => {
      await failEverywhere({ kernels, fault: "allocation" }, (backend) => {
        const params = [1, 2].map((value) => new nn.Parameter(tensor([value, 3], { backend })));
        const ema = new optim.EMA(params, { decay: 0.5 });
        ema.update();
        return {
          act: () => {
            ema.update();
            ema.apply(() => {});
          },
          watched: () => params,
        };
      });
    },
  );
});
