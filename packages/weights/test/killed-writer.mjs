// Saves one checkpoint after the other until it is killed, and says so of each. Built code: a process of its own has no test runner around it.
import { writeSync } from "node:fs";
import { saveCheckpoint } from "../dist/index.js";

const [path = ""] = process.argv.slice(2);
for (let step = 1; ; step++) {
  const x = { shape: [2_000_000], dtype: "float32", data: new Float32Array(2_000_000).fill(step) };
  await saveCheckpoint(path, { step, x }, { keep: 2 });
  writeSync(1, "."); // at once, so that what is killed after it has said it
}
