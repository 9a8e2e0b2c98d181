// resume.mjs FILE UNTIL [KILLED]: goes on with the run in FILE, if there is one, until step UNTIL; every fifth step is saved. Rank 1 is killed in step KILLED. Prints a SHA-256 of the weights.
import { existsSync } from "node:fs";
import { functional as F, Generator, manualSeed, nn, optim, randn } from "@dropwise/core";
import { connect, dataParallel } from "@dropwise/distributed";
import { loadCheckpoint, saveCheckpoint } from "@dropwise/weights";
import { fingerprint } from "./fingerprint.mjs";

const [file = "", until, killed] = process.argv.slice(2);
const group = await connect({ joinTimeout: 60 });
manualSeed(3);
const model = new nn.Sequential(new nn.Linear(6, 16), new nn.BatchNorm1d(16), new nn.ReLU(), new nn.Dropout(0.5), new nn.Linear(16, 2));
const optimizer = new optim.AdamW(model.parameters(), { lr: 0.01 });
let step = 0;
if (existsSync(file)) ({ step } = /** @type {{ step: number }} */ (await loadCheckpoint(file, { model, optimizer })));
const parallel = await dataParallel(model, optimizer, group);

const x = randn([32, 6], { generator: new Generator(7) });
while (step < Number(until)) {
  await parallel.step([x], ([rows]) => {
    if (group.rank === 1 && step === Number(killed)) process.kill(process.pid, "SIGKILL");
    return F.mseLoss(model.forward(rows), rows.slice(1, 0, 2));
  });
  step++;
  if (step % 5 !== 0) continue;
  if (group.rank === 0) await saveCheckpoint(file, { model, optimizer, step });
  await group.barrier();
}

const print = await fingerprint(model);
if (group.rank === 0) console.log(print);
await group.close();
