/**
 * How fast the reference backend is, beside a copy of the same bytes in the same run:
 *
 *     npm run bench --workspace @dropwise/core
 *
 * Rounds are interleaved and the best of each is shown: on a shared machine the fastest round is the least disturbed one. The ratios
 * hold better than the times. `--profile` adds where the time of the tiny model goes, from V8's sampling profiler.
 */
import { Session } from "node:inspector/promises";
import { functional as F, manualSeed, nn, noGrad, optim, rand, randn, tidy } from "../dist/index.js";

const ELEMENTS = 2 ** 20;
const ROUNDS = 25;

manualSeed(42);
const x = rand([ELEMENTS]);
const four = rand([4]);
const source = new Float32Array(ELEMENTS).fill(1);
const target = new Float32Array(ELEMENTS);
const model = new nn.Sequential(new nn.Linear(10, 20), new nn.ReLU(), new nn.Dropout(0.5), new nn.Linear(20, 1), new nn.Sigmoid());
const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
const input = randn([64, 10]);
const label = rand([64, 1]).ge(0.5).type("float32");

function trainStep() {
  tidy(() => {
    optimizer.zeroGrad();
    F.binaryCrossEntropy(model.forward(input), label).backward();
    optimizer.step();
  });
}

/** What is timed: a name, how many calls make a round, and what one call does. */
const cases = {
  "copy of 1M floats": { calls: 4, run: () => target.set(source) },
  "F.dropout of 1M floats": { calls: 1, run: () => noGrad(() => F.dropout(x, 0.5).dispose()) },
  "forward and backward of 1M": { calls: 1, run: () => tidy(() => forwardBackward()) },
  "F.dropout of 4 floats": { calls: 5000, run: () => noGrad(() => F.dropout(four, 0.5).dispose()) },
  "the same inside tidy": { calls: 5000, run: () => tidy(() => noGrad(() => F.dropout(four, 0.5))) },
  "training step, 10-20-1, batch 64": { calls: 200, run: trainStep },
};

function forwardBackward() {
  const leaf = x.detach();
  leaf.requiresGrad = true;
  F.dropout(leaf, 0.5).sum().backward();
}

const best = Object.fromEntries(Object.keys(cases).map((name) => [name, Number.POSITIVE_INFINITY]));
for (let round = 0; round < ROUNDS; round++) {
  for (const [name, { calls, run }] of Object.entries(cases)) {
    const start = performance.now();
    for (let i = 0; i < calls; i++) run();
    best[name] = Math.min(best[name], ((performance.now() - start) / calls) * 1e6);
  }
}

const copy = best["copy of 1M floats"];
const row = (name, value, note) => console.log(`${name.padEnd(34)} ${value.padStart(16)}   ${note}`);
row("copy of 1M floats", `${(copy / ELEMENTS).toFixed(3)} ns/element`, "1");
for (const name of ["F.dropout of 1M floats", "forward and backward of 1M"]) {
  row(name, `${(best[name] / ELEMENTS).toFixed(2)} ns/element`, `${(best[name] / copy).toFixed(0)} copies`);
}
for (const name of ["F.dropout of 4 floats", "the same inside tidy"]) row(name, `${(best[name] / 1000).toFixed(2)} us/call`, "");
const step = best["training step, 10-20-1, batch 64"];
row(
  "training step, 10-20-1, batch 64",
  `${(step / 1000).toFixed(0)} us`,
  `${Math.round(1e9 / step)} steps/s, ${(step / copy).toFixed(2)} copies of 1M`,
);

if (process.argv.includes("--profile")) await profile();

/** Self time per function over 20,000 steps. */
async function profile() {
  const session = new Session();
  session.connect();
  await session.post("Profiler.enable");
  await session.post("Profiler.start");
  for (let i = 0; i < 20_000; i++) trainStep();
  const { profile: sampled } = await session.post("Profiler.stop");
  const names = new Map(sampled.nodes.map((node) => [node.id, node.callFrame.functionName || "(anonymous)"]));
  const times = new Map();
  sampled.samples.forEach((id, i) => {
    times.set(names.get(id), (times.get(names.get(id)) ?? 0) + sampled.timeDeltas[i]);
  });
  const total = [...times.values()].reduce((sum, time) => sum + time, 0);
  console.log("\nwhere a training step's time goes:");
  for (const [name, time] of [...times].sort((a, b) => b[1] - a[1]).slice(0, 15)) {
    console.log(`  ${((100 * time) / total).toFixed(1).padStart(5)} %  ${name}`);
  }
}
