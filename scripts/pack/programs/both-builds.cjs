/** Core's two builds in one process, as when a program and a library of its load it differently. */
const first = require("@dropwise/core");

import("@dropwise/core").then((second) => {
  const kept = () =>
    Array.from(second.functional.dropout(second.ones([32]), { p: 0.5 }).dataSync(), (value) => (value > 0 ? 1 : 0)).join("");
  first.manualSeed(0);
  const results = {
    "two builds": first.manualSeed !== second.manualSeed,
    "one default generator": kept() === "10000010101101000011001110000011" && first.defaultGenerator().call === 1n,
    "one default backend": first.getDefaultBackend() === second.getDefaultBackend(),
    "one grad mode": first.noGrad(() => second.isGradEnabled()) === false,
    "tensors of one are tensors of the other":
      second.isTensor(first.ones([1])) &&
      first
        .ones([1])
        .add(/** @type {any} */ (second.ones([1])))
        .itemSync() === 2,
    "layers of one hold those of the other":
      [...new first.nn.Sequential(/** @type {any} */ (new second.nn.Linear(1, 1))).parameters()].length === 2,
  };
  const wrong = Object.entries(results).flatMap(([what, holds]) => (holds ? [] : [what]));
  if (wrong.length > 0) throw new Error(`expected ${wrong.join(", ")}`);
});
