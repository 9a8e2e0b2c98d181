// Saves one checkpoint after the other until it is killed. Built code: a process of its own has no test runner around it.
import { saveCheckpoint } from "../dist/index.js";

const [path = ""] = process.argv.slice(2);
for (let step = 1; ; step++) {
  await saveCheckpoint(path, { step, x: { shape: [2_000_000], dtype: "float32", data: new Float32Array(2_000_000).fill(step) } });
  if (step === 1) console.log("the first one is there");
}
