/** `linearDropout` against the three functions that it stands for, on a backend whose `linear` takes an epilogue and on one that has none. */
import { describe, expect, test } from "vitest";
import { type Backend, cpu as reference, referenceKernels, withEpilogue } from "../backend";
import type { BackendStorage, Epilogue } from "../backend/backend";
import { functional as F, Generator, grad, randn, type Shape, type Tensor, tensor } from "../index";
import { torchCpu } from "../streams";

const kernels = referenceKernels((storage) => reference.view?.(storage as BackendStorage<never>) as never);
/** What the fused backend was handed. */
const handed: (Epilogue | undefined)[] = [];
const fused = {
  ...reference,
  name: "fused",
  linear: (...[x, weight, bias, out, epilogue]: Parameters<NonNullable<Backend["linear"]>>) => {
    handed.push(epilogue);
    withEpilogue(kernels.linear, kernels)(x, weight, bias, out, epilogue);
  },
} as Backend;
const first = { ...fused, info: { ...fused.info, contract: 1 } } as Backend;

const made = (shape: Shape, seed: number, backend: Backend, requiresGrad = true) =>
  randn(shape, { generator: new Generator(seed), backend, requiresGrad });
const compose = (x: Tensor, weight: Tensor, { bias, activation, ...options }: F.LinearDropoutOptions) => {
  const y = F.linear(x, weight, bias);
  return F.dropout(activation === "relu" ? F.relu(y) : activation === "gelu" ? F.gelu(y) : y, options);
};

describe.each([
  ["a backend that takes an epilogue", fused, true],
  ["the reference", reference, false],
  ["a backend of the first version of the contract", first, false],
])("on %s", (_, backend, isFused) => {
  test.each<[Shape, "relu" | "gelu" | undefined, boolean, number]>([
    [[3, 5], undefined, true, 0],
    [[3, 5], "relu", true, 0],
    [[2, 3, 5], "relu", false, 7],
    [[5], "relu", true, 2 ** 33 + 1],
    [[4, 5], "gelu", true, 0],
  ])(
    "%j with %s, bias %s and offset %i has the values, the gradients and the generator of the composed form",
    (shape, activation, hasBias, elementOffset) => {
      const results = [F.linearDropout, compose].map((fn) => {
        const generator = new Generator(3);
        const [x, weight, bias] = [made(shape, 1, backend), made([6, 5], 2, backend), made([6], 3, backend)];
        handed.length = 0;
        const y = fn(x, weight, { p: 0.4, generator, elementOffset, ...(hasBias && { bias }), ...(activation && { activation }) });
        if (fn === F.linearDropout) expect(handed.some((epilogue) => epilogue !== undefined)).toBe(isFused && activation !== "gelu");
        const inputs = hasBias ? [x, weight, bias] : [x, weight];
        const firsts = grad([y.mul(y).sum()], inputs, { createGraph: true });
        const sum = firsts.map((g) => g.mul(g).sum()).reduce((a, b) => a.add(b));
        const seconds = grad([sum], inputs);
        return [y, ...firsts, ...seconds].map((t) => Array.from(t.dataSync())).concat([[...generator.getState()]]);
      });
      expect(results[0]).toEqual(results[1]);
    },
  );

  test("what draws nothing takes no call: eval, p of 0 and 1, no rows, and refused arguments", () => {
    const generator = new Generator(5);
    const before = generator.getState();
    const [x, weight] = [made([2, 3], 1, backend), made([4, 3], 2, backend)];
    const plain = F.relu(F.linear(x, weight)).dataSync();
    const run = (options: F.LinearDropoutOptions, input = x) =>
      F.linearDropout(input, weight, { activation: "relu", generator, ...options });
    expect(run({ training: false }).dataSync()).toEqual(plain);
    expect(run({ p: 0 }).dataSync()).toEqual(plain);
    expect(run({ p: 1 }).dataSync()).toEqual(new Float32Array(8));
    expect(run({}, made([0, 3], 1, backend)).shape).toEqual([0, 4]);
    expect(() => run({}, made([2, 2], 1, backend))).toThrow(/linearDropout: expected x/);
    expect(() => run({ bias: made([3], 1, backend) })).toThrow(/bias of shape \[4\]/);
    expect(() => run({ p: 2 })).toThrow(RangeError);
    expect(() => run({ elementOffset: 2 ** 53 - 7 })).toThrow(/elementOffset/);
    expect(() => run({ activation: "tanh" as never })).toThrow(/activation "relu" or "gelu"/);
    expect(() => run({ inplace: true } as never)).toThrow(/inplace/);
    expect(generator.getState()).toEqual(before);
  });

  test("under another framework's stream the mask is that stream's", () => {
    const [x, weight] = [made([2, 3], 1, backend, false), made([4, 3], 2, backend, false)];
    const [ours, composed] = [F.linearDropout, compose].map((fn) =>
      fn(x, weight, { p: 0.5, generator: new Generator(9, { stream: torchCpu }) }).dataSync(),
    );
    expect(ours).toEqual(composed);
  });
});

test("a dropped NaN is 0, and a kept one goes on", () => {
  const x = tensor([[Number.NaN], [Number.NaN], [Number.NaN], [Number.NaN]], { backend: fused });
  const y = F.linearDropout(x, tensor([[1]], { backend: fused }), { activation: "relu", generator: new Generator(1) }).dataSync();
  const mask = F.dropout(tensor([[1], [1], [1], [1]]), { generator: new Generator(1) }).dataSync();
  expect(Array.from(y)).toEqual(Array.from(mask, (kept) => (kept === 0 ? 0 : Number.NaN)));
});
