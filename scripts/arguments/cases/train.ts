/** `@dropwise/core/train`: where time goes. */
import type { Cases } from "../case";
import type { Place } from "../place";
import * as p from "../places";

/** A user's function, which may be asynchronous. */
const callback: Place = { ...p.callback(p.anything()), accepts: (value) => typeof value === "function" && !/^class\b/.test(String(value)) };

const name: Place = { valid: () => "forward", accepts: (value) => typeof value === "string" };

export const trainCases: Cases = {
  profile: { args: [callback, p.options({ trace: p.flag() })], isAsync: true },
  recordFunction: [name, callback],
};
