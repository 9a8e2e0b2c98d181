import { expect, test } from "vitest";
import { cpu } from "../cpu/cpu";
import { defaultGenerator, Generator, nn, noGrad, ones, optim, type Tensor, tensor } from "../index";
import { expectRefusal } from "../testing/refusal";
import { memory } from "./memory";
import { rehearse } from "./rehearse";
import { keep } from "./tidy";

/** A step with all that core counts, on a backend that does compute: only what is on the host is looked at. */
function training() {
  const generator = new Generator(1);
  const model = new nn.Sequential(new nn.Linear(3, 4), new nn.Dropout({ p: 0.5, generator }), new nn.Dropout(0.5));
  const optimizer = new optim.Adam(model.parameters());
  const scheduler = new optim.StepLR(optimizer, { stepSize: 1 });
  const ema = new optim.EMA(model.parameters());
  const step = () => {
    optimizer.zeroGrad();
    model
      .forward(ones([2, 3]))
      .sum()
      .backward();
    optimizer.step();
    scheduler.step();
    ema.update();
  };
  const counted = () => ({
    generators: [generator.getState(), defaultGenerator().getState()],
    steps: Object.values(optimizer.stateDict().state).map((state) => state.step),
    rates: scheduler.stateDict(),
    averages: ema.stateDict().nAveraged,
    grads: [...model.parameters()].map(({ grad }) => grad),
    kept: [...model.parameters()].map(({ grad }) => grad && [...grad.dataSync()]),
    tensors: memory().tensors,
  });
  return { model, step, counted };
}

test.each([
  ["before the first step", 0],
  ["after some", 2],
])("a rehearsal leaves no trace in what core counts: %s", (_, steps) => {
  const { step, counted } = training();
  for (let i = 0; i < steps; i++) step();
  const before = counted();
  rehearse("warmUp", cpu, () => {
    step();
    step();
  });
  expect(counted()).toEqual(before);
  counted().grads.forEach((grad, i) => {
    expect(grad).toBe(before.grads[i]);
  });
});

test("gradients that are summed up, clipped and set anew are those from before", () => {
  const w = tensor([1, 2], { requiresGrad: true });
  w.mul(3).sum().backward();
  const { grad } = w;
  rehearse("warmUp", cpu, () => {
    w.mul(5).sum().backward();
    expect([...(w.grad as Tensor).dataSync()]).toEqual([8, 8]);
    w.grad?.dispose();
    w.grad = null;
    w.mul(5).sum().backward();
  });
  expect(w.grad).toBe(grad);
  expect([...(grad as Tensor).dataSync()]).toEqual([3, 3]);
});

test("what throws puts everything back, too, and makes no more of recording", () => {
  const { step, counted } = training();
  const before = counted();
  const failing = () =>
    rehearse("warmUp", cpu, () => {
      step();
      throw new RangeError("mine");
    });
  expect(failing).toThrow("mine");
  expect(counted()).toEqual(before);
  step();
  expect(counted().rates.lastEpoch).toBe(1);
});

test("tensors made inside are gone, but for those that somebody kept", () => {
  const before = memory().tensors;
  const made: Tensor[] = [];
  rehearse("warmUp", cpu, () => {
    made.push(
      noGrad(() => ones([2])),
      keep(ones([3])),
    );
  });
  expect(made.map(({ isDisposed }) => isDisposed)).toEqual([true, false]);
  made[1]?.dispose();
  expect(memory().tensors).toBe(before);
});

test("refuses what is no function, and an async one, whose rest fails unheard", async () => {
  expectRefusal(() => rehearse("warmUp", cpu, 3 as never), "TypeError", "warmUp: expected a function, got 3 - write warmUp(() => { ... })");
  const x = ones([2]);
  const late = async () => {
    const y = x.add(1);
    await null;
    y.add(1);
  };
  expectRefusal(
    () => rehearse("warmUp", cpu, late),
    "TypeError",
    "warmUp: expected a function that returns at once, got an async one - await outside",
  );
  await new Promise((resolve) => setTimeout(resolve, 0));
});
