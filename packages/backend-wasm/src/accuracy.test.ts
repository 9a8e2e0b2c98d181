import type { UnaryOp } from "@dropwise/core/backend";
import { expect, test } from "vitest";
import { both, wasm } from "../test/kernels";
import { operand } from "../test/operands";

/** Every 40009th float32 by its bits: numbers of every size, subnormal ones, infinities and NaN. */
const SAMPLE = new Float32Array(Uint32Array.from({ length: Math.floor(2 ** 32 / 40009) }, (_, i) => i * 40009).buffer);

/** One unit in the last place of the float32 nearest to a number. */
const unitAt = (value: number): number => 2 ** Math.max(-149, Math.floor(Math.log2(Math.abs(value))) - 23);

test.each<UnaryOp>(["exp", "expm1", "log", "log1p", "erf", "tanh", "sigmoid", "softplus"])(
  "%s is within 2 units in the last place",
  (op) => {
    const x = operand(wasm, SAMPLE, [SAMPLE.length]);
    const [mine, rounded] = both("float32", [SAMPLE.length], (kernels, out) => kernels.unary(op, x, out));
    const worst = { units: 0, at: 0 };
    mine.forEach((value, i) => {
      const expected = rounded[i] as number;
      if (Object.is(value, expected)) return;
      const difference = Math.abs(value - expected);
      const units = Number.isFinite(difference) ? difference / unitAt(expected) : Number.POSITIVE_INFINITY;
      if (units > worst.units) Object.assign(worst, { units, at: SAMPLE[i] });
    });
    // What it is compared with was rounded, by half a unit at most, so that whole units count.
    expect(worst.units, `at ${worst.at}`).toBeLessThanOrEqual(2);
    wasm.release(x.storage.handle);
  },
);
