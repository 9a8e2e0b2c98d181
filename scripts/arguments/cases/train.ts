/** `@dropwise/core/train`: where time goes. */
import type { Cases } from "../case";
import type { Place } from "../place";
import * as p from "../places";

/** A user's function, which may be asynchronous. */
const callback: Place = { ...p.callback(p.anything()), accepts: (value) => typeof value === "function" && !/^class\b/.test(String(value)) };

export const trainCases: Cases = {
  profile: { args: [callback, p.options({ trace: p.flag() })], isAsync: true },
  recordFunction: [p.word("forward"), callback],
};
