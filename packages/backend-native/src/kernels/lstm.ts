import { type Call, Kernel } from "../call";
import type { Members } from "./shared";

/** An LSTM over a sequence and its gradient, of float32: core hands it nothing else. */
export function lstm(call: Call): Members<"lstm" | "lstmGrad"> {
  return {
    lstm({ steps, batch, hidden, reverse }, x, weight, h0, c0, gates, states) {
      const state = batch * hidden;
      call.begin(Kernel.lstm).number(steps).number(batch).number(hidden).number(Number(reverse));
      call.operand("lstm", x, 4 * steps * state).operand("lstm", weight, 4 * hidden * hidden);
      call.operand("lstm", h0, state).operand("lstm", c0, state);
      call
        .operand("lstm", gates, 4 * steps * state)
        .operand("lstm", states, 2 * steps * state)
        .run();
    },
    lstmGrad({ steps, batch, hidden, reverse }, grad, weight, c0, gates, states, gradX, gradH0, gradC0) {
      const state = batch * hidden;
      call.begin(Kernel.lstmGrad).number(steps).number(batch).number(hidden).number(Number(reverse));
      call.operand("lstm", weight, 4 * hidden * hidden).operand("lstm", c0, state);
      call.operand("lstm", gates, 4 * steps * state).operand("lstm", states, 2 * steps * state);
      call.operand("lstm", grad, 2 * steps * state).operand("lstm", gradX, 4 * steps * state);
      call.operand("lstm", gradH0, state).operand("lstm", gradC0, state).run();
    },
  };
}
