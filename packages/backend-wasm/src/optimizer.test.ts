import type { OptimizerSpec, TypedArray } from "@dropwise/core/backend";
import { test } from "vitest";
import { expectClose, reference, wasm } from "../test/kernels";
import { contents, numbers, operand } from "../test/operands";

test.each<OptimizerSpec>([
  { kind: "sgd", lr: 0.1, momentum: 0, dampening: 0, weightDecay: 0.01, nesterov: false, first: true },
  { kind: "sgd", lr: 0.1, momentum: 0.9, dampening: 0, weightDecay: 0, nesterov: true, first: true },
  { kind: "sgd", lr: 0.1, momentum: 0.9, dampening: 0.1, weightDecay: 0.01, nesterov: false, first: false },
  ...[false, true].map(
    (decoupled) =>
      ({
        kind: "adam",
        lr: 1e-3,
        beta1: 0.9,
        beta2: 0.999,
        eps: 1e-8,
        weightDecay: 0.01,
        decoupled,
        biasCorrection1: 1 - 0.9 ** 3,
        biasCorrection2: 1 - 0.999 ** 3,
      }) as const,
  ),
])("an optimizer step is the reference's: %o", (spec) => {
  for (const length of [1, 5, 8, 103]) {
    const results = [wasm, reference].map((kernels) => {
      const param = operand(wasm, numbers(length, 3, false), [length], undefined, 1);
      const grad = operand(wasm, numbers(length, 5, false), [length], undefined, 2);
      const states = [7, 9].map((seed) => operand(wasm, numbers(length, seed, false).map(Math.abs), [length], undefined, 3));
      const state = spec.kind === "adam" ? states : spec.momentum === 0 ? [] : states.slice(0, 1);
      kernels.optimizerStep([{ spec, param, grad, state }]);
      return [param, ...state].map((part) => contents(wasm, part));
    });
    for (const [i, mine] of (results[0] as TypedArray[]).entries())
      expectClose([mine, (results[1] as TypedArray[])[i] as TypedArray], 3e-7, 1);
  }
});
