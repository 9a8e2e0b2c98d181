import type { Backend } from "@dropwise/core/backend";
import { BLOCK_ROWS } from "./matmul";
import { elementsOf, type Runtime, type WasmHandle } from "./runtime";

const GATE_NS = 3;
const MULTIPLY_ADD_NS = 0.04;

/** An LSTM over a sequence and its gradient, of float32: core hands it nothing else. */
export function lstm(runtime: Runtime): Required<Pick<Backend<WasmHandle>, "lstm" | "lstmGrad">> {
  /** Writes the sizes, and runs. */
  function run(
    name: "lstm" | "lstmGrad",
    addresses: readonly number[],
    steps: number,
    batch: number,
    hidden: number,
    reverse: boolean,
  ): void {
    if (steps * batch * hidden === 0) return;
    const { words } = runtime;
    const rows = Math.min(BLOCK_ROWS, Math.ceil(batch / runtime.threads));
    const units = Math.ceil(batch / rows);
    const numbers = [steps, batch, hidden, rows, Number(reverse)];
    for (const [i, word] of [...addresses.slice(0, 6), ...numbers, ...addresses.slice(6)].entries()) words[i] = word;
    runtime.run(name, units, (4 * steps * batch * hidden * (GATE_NS + hidden * MULTIPLY_ADD_NS)) / units);
  }

  return {
    lstm({ steps, batch, hidden, reverse }, x, weight, h0, c0, gates, states) {
      const [state, all] = [elementsOf(1, batch, hidden), elementsOf(steps, batch, hidden)];
      const addresses = [
        runtime.operand("lstm", x, 4 * all),
        runtime.operand("lstm", weight, elementsOf(4, hidden, hidden)),
        runtime.operand("lstm", h0, state),
        runtime.operand("lstm", c0, state),
        runtime.operand("lstm", gates, 4 * all),
        runtime.operand("lstm", states, 2 * all),
      ];
      run("lstm", addresses, steps, batch, hidden, reverse);
    },
    lstmGrad({ steps, batch, hidden, reverse }, grad, weight, c0, gates, states, gradX, gradH0, gradC0) {
      const [state, all] = [elementsOf(1, batch, hidden), elementsOf(steps, batch, hidden)];
      const addresses = [
        0, // x and h0 are not read
        runtime.operand("lstm", weight, elementsOf(4, hidden, hidden)),
        0,
        runtime.operand("lstm", c0, state),
        runtime.operand("lstm", gates, 4 * all),
        runtime.operand("lstm", states, 2 * all),
        runtime.operand("lstm", grad, 2 * all),
        runtime.operand("lstm", gradX, 4 * all),
        runtime.operand("lstm", gradH0, state),
        runtime.operand("lstm", gradC0, state),
      ];
      run("lstmGrad", addresses, steps, batch, hidden, reverse);
    },
  };
}
