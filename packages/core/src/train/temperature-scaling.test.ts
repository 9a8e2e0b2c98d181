import { describe, expect, test } from "vitest";
import { type Backend, cpu, functional as F, memory, setDefaultBackend, type Tensor, tensor } from "../index";
import { blindBackend, hostBackend } from "../testing/backends";
import { expectRefusal, expectRejection } from "../testing/refusal";
import { temperatureScaling } from "./temperature-scaling";

const [N, C] = [24, 4];
const values = (times = 1) =>
  Array.from({ length: N }, (_, i) => Array.from({ length: C }, (_, j) => times * ((((i * 7 + j * 5 + i * j * 3) % 17) - 8) / 4 + j / 64)));
const classes = Int32Array.from({ length: N }, (_, i) => (i * i + Math.floor(i / 3)) % C);
const ignored = classes.map((c, i) => (i % 5 === 0 ? -100 : c));

describe("temperatureScaling", () => {
  test("finds what PyTorch's L-BFGS finds in float64", async () => {
    for (const [logits, target, expected] of [
      [values(), classes, 2.03638623],
      [values(4), classes, 8.14554508],
      [values(), ignored, 1.65896865],
    ] as const) {
      const { temperature } = await temperatureScaling(tensor(logits), tensor(target));
      expect(temperature).toBeCloseTo(expected, 7);
      setDefaultBackend(blindBackend() as Backend);
      expect((await temperatureScaling(tensor(logits), tensor(target))).temperature).toBe(temperature);
      setDefaultBackend(cpu);
    }
  });

  test("is where no other temperature has a smaller loss, and keeps what the model says", async () => {
    const [logits, target] = [tensor(values(3), { dtype: "float64" }), tensor(classes)];
    const { temperature, apply } = await temperatureScaling(logits, target);
    const loss = (by: number) => F.crossEntropy(logits.div(by), target).itemSync();
    for (const by of [0.9, 0.99, 1.01, 1.1]) expect(loss(temperature * by)).toBeGreaterThan(loss(temperature));
    expect(F.crossEntropy(apply(logits), target).itemSync()).toBeCloseTo(loss(temperature), 14);
    const said = (x: Tensor) => [...x.argmax({ dim: 1 }).dataSync()];
    expect(said(apply(logits))).toEqual(said(logits));
    const x = tensor([1, 2], { requiresGrad: true });
    apply(x).sum().backward();
    expect(x.grad?.dataSync()[0]).toBeCloseTo(1 / temperature, 6);
  });

  test("takes positions behind the classes, and stops at its bounds where all or no answers are right", async () => {
    const places = tensor([
      [
        [4, 4],
        [0, 0],
      ],
      [
        [4, 4],
        [0, 0],
      ],
    ]); // (N, C, d)
    const target = tensor(new Int32Array([0, 0, 0, 1]), { shape: [2, 2] });
    expect((await temperatureScaling(places, target)).temperature).toBeCloseTo(4 / Math.log(3), 12);
    const [two, right] = [
      tensor([
        [2, 0],
        [0, 3],
      ]),
      tensor(new Int32Array([0, 1])),
    ];
    expect((await temperatureScaling(two, right)).temperature).toBeCloseTo(0.01, 15);
    expect((await temperatureScaling(two, right, { min: 0.5 })).temperature).toBe(0.5);
    expect((await temperatureScaling(two, tensor(new Int32Array([1, 0])), { max: 8 })).temperature).toBe(8);
    // Logits that say nothing fit with any.
    expect((await temperatureScaling(tensor([[1, 1]]), tensor(new Int32Array([0])))).temperature).toBe(100);
  });

  test("refuses what does not fit, and leaves nothing in memory", async () => {
    setDefaultBackend(hostBackend("own") as Backend);
    const [logits, target] = [tensor(values()), tensor(classes)];
    const before = memory().tensors;
    await temperatureScaling(logits, target);
    const wrong = (...given: Parameters<typeof temperatureScaling>) => temperatureScaling(...given);
    await expectRejection(wrong(logits, target, { min: 0 }), "RangeError", "temperatureScaling: expected 0 < min < max");
    await expectRejection(wrong(logits, target, { min: 2, max: 1 }), "RangeError", "0 < min < max");
    await expectRejection(wrong(logits, target, { max: Number.POSITIVE_INFINITY }), "RangeError", "0 < min < max");
    await expectRejection(wrong(logits, target, { lr: 1 } as never), "TypeError", "temperatureScaling: expected the options");
    await expectRejection(wrong([1] as never, target), "TypeError", "temperatureScaling: expected a Tensor");
    expect(memory().tensors).toBe(before);
    await expectRejection(wrong(logits, tensor([1])), "ShapeError", "temperatureScaling");
    await expectRejection(wrong(tensor([[Number.NaN, 0]]), tensor(new Int32Array([0]))), "RangeError", "finite logits, got NaN");
    await expectRejection(wrong(tensor([[1, 0]]), tensor(new Int32Array([-100]))), "RangeError", "targets that count");
    expect(memory().tensors).toBe(before + 5);
    const { apply } = await temperatureScaling(logits, target);
    expectRefusal(() => apply(1 as never), "TypeError", "temperatureScaling.apply: expected a Tensor");
    setDefaultBackend(blindBackend() as Backend);
    await expectRejection(wrong(tensor([[1, 0]]), tensor(new Int32Array([2]))), "RangeError", "classes from 0 to 1, got 2");
    setDefaultBackend(cpu);
  });
});
