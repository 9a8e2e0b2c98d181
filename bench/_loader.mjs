import { DataLoader, TensorDataset, rand, cpu, tidy, nn, optim, functional as F, setDefaultBackend, manualSeed, cat } from "@dropwise/core";
const names = (process.argv[2] ?? "cpu,wasm,native").split(",");
for (const name of names) {
  let backend = cpu;
  if (name === "wasm") backend = await (await import("@dropwise/backend-wasm")).createWasmBackend({ threads: 1 });
  if (name === "native") backend = (await import("@dropwise/backend-native")).createNativeBackend({ threads: 1 });
  setDefaultBackend(backend); manualSeed(1);
  const N = 6400;
  const ds = new TensorDataset(rand([N, 10]), rand([N, 1]));
  const model = new nn.Sequential(new nn.Linear(10, 20), new nn.ReLU(), new nn.Dropout({ p: 0.5 }), new nn.Linear(20, 1), new nn.Sigmoid());
  const opt = new optim.SGD(model.parameters(), { lr: 0.01 });
  const step = (x, y) => tidy(() => { opt.zeroGrad(); const l = F.binaryCrossEntropy(model.forward(x), y); l.backward(); opt.step(); });
  const ready = Array.from({ length: 100 }, (_, i) => ds.batch(Array.from({ length: 64 }, (_, j) => i * 64 + j)));
  const empty = (shuffle) => { const l = new DataLoader(ds, { batchSize: 64, shuffle }); return () => { for (const [x] of l) if (x.isDisposed) throw 1; }; };
  const loop = (shuffle) => { const l = new DataLoader(ds, { batchSize: 64, shuffle }); return () => { for (const [x, y] of l) step(x, y); }; };
  const fns = { "load": empty(false), "load shuffle": empty(true), "ready": () => { for (const [x, y] of ready) step(x, y); }, "loop": loop(false), "loop shuffle": loop(true) };
  const best = {}, all = {};
  for (const k in fns) { for (let i = 0; i < 30; i++) fns[k](); best[k] = Infinity; all[k] = []; }
  for (let r = 0; r < 60; r++) for (const k in fns) { const reps = k.startsWith("load") ? 5 : 1; const t = process.hrtime.bigint(); for (let i = 0; i < reps; i++) fns[k](); const us = Number(process.hrtime.bigint() - t) / 1e3 / 100 / reps; all[k].push(us); }
  const med = (a) => a.sort((x, y) => x - y)[a.length >> 1];
  console.log(name, Object.entries(all).map(([k, v]) => `${k} ${med(v).toFixed(2)} (min ${v[0].toFixed(2)})`).join(" | "), "ratio", (all.ready[30] / all.loop[30]).toFixed(3), (all.ready[30] / all["loop shuffle"][30]).toFixed(3));
}
