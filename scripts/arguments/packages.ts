/** Every public entry point of the workspace: what it exports, and the cases for it. */
import * as core from "@dropwise/core";
import { nn, ones } from "@dropwise/core";
import { leftOut, type WorkspacePackage, workspacePackages } from "../workspace.mjs";
import type { Cases } from "./case";
import { backendCases } from "./cases/backend";
import { conformanceCases, reporterCases } from "./cases/conformance";
import { coreCases } from "./cases/core";
import { distributedCases, distributedOthers, distributedReceivers, loadDistributed } from "./cases/distributed";
import { dropoutFamilyCases } from "./cases/dropout-family";
import { nativeCases, wasmCases, webgpuCases } from "./cases/factories";
import { functionalCases } from "./cases/functional";
import { nnCases } from "./cases/nn";
import { attentionCases } from "./cases/nn-attention";
import { recurrentCases } from "./cases/nn-recurrent";
import { windowCases } from "./cases/nn-windows";
import { optimCases } from "./cases/optim";
import { streamCases } from "./cases/streams";
import { tensorCases } from "./cases/tensor";
import { trainCases, trainReceivers } from "./cases/train";
import { weightCases } from "./cases/weights";
import { torchCases } from "./cases/weights-torch";
import { type Callable, type Class, callablesOf } from "./exports";
import type { Place } from "./place";
import * as p from "./places";

/** An entry point. */
interface Entry {
  readonly load: () => Promise<Readonly<Record<string, unknown>>>;
  readonly cases: Cases;
  /** Classes that programs meet without importing them, once it is loaded. */
  readonly others?: () => Promise<readonly Class[]>;
}

/** By the name that programs import. */
const ENTRIES: Readonly<Record<string, Entry>> = {
  "@dropwise/core": {
    load: async () => core,
    others: async () => [ones([]).constructor as unknown as Class],
    cases: {
      ...coreCases,
      ...tensorCases,
      ...functionalCases,
      ...dropoutFamilyCases,
      ...nnCases,
      ...attentionCases,
      ...recurrentCases,
      ...windowCases,
      ...optimCases,
    },
  },
  "@dropwise/core/backend": { load: () => import("@dropwise/core/backend"), cases: backendCases },
  "@dropwise/core/streams": { load: () => import("@dropwise/core/streams"), cases: streamCases },
  "@dropwise/core/train": { load: () => import("@dropwise/core/train"), cases: trainCases },
  "@dropwise/weights": { load: () => import("@dropwise/weights"), cases: { ...weightCases, ...torchCases } },
  "@dropwise/backend-native": { load: () => import("@dropwise/backend-native"), cases: nativeCases },
  "@dropwise/distributed": { load: loadDistributed, others: distributedOthers, cases: distributedCases },
  "@dropwise/backend-wasm": { load: () => import("@dropwise/backend-wasm"), cases: wasmCases },
  "@dropwise/backend-webgpu": { load: () => import("@dropwise/backend-webgpu"), cases: webgpuCases },
  "@dropwise/conformance": { load: () => import("@dropwise/conformance"), cases: conformanceCases },
  "@dropwise/conformance/reporter": { load: () => import("@dropwise/conformance/reporter"), cases: reporterCases },
};

/** The objects of classes whose methods are called. */
export const receivers: Readonly<Record<string, Place>> = {
  Tensor: p.tensor(),
  TensorHandle: p.tensor(),
  Generator: p.receiver((w) => w.generator),
  TensorDataset: p.receiver((w) => w.dataset()),
  DataLoader: p.receiver((w) => w.loader()),
  Subset: p.receiver((w) => new core.Subset(w.dataset(), [2, 0, 1])),
  RandomOrder: p.receiver((w) => new core.RandomSampler(3, { generator: w.generator })),
  "nn.Module": p.receiver((w) => w.model()),
  "nn.Sequential": p.receiver((w) => w.module(new nn.Sequential(new nn.ReLU(), new nn.Tanh()))),
  "nn.ModuleList": p.receiver((w) => w.module(new nn.ModuleList([new nn.ReLU()]))),
  PartList: p.receiver((w) => w.module(new nn.ModuleList([new nn.ReLU()]))),
  Recurrent: p.receiver((w) => w.module(new nn.GRU(2, 3, { numLayers: 2, generator: w.generator }))),
  RecurrentCell: p.receiver((w) => w.module(new nn.GRUCell(2, 3, { generator: w.generator }))),
  "nn.ModuleDict": p.receiver((w) => w.module(new nn.ModuleDict({ a: new nn.ReLU() }))),
  "optim.Optimizer": p.receiver((w) => w.optimizer()),
  "optim.LRScheduler": p.receiver((w) => w.scheduler()),
  "optim.ReduceLROnPlateau": p.receiver((w) => new core.optim.ReduceLROnPlateau(w.optimizer())),
  "optim.SequentialLR": p.receiver((w) => {
    const optimizer = w.optimizer();
    return new core.optim.SequentialLR(optimizer, { schedulers: [w.scheduler(optimizer)], milestones: [] });
  }),
  "optim.EMA": p.receiver((w) => w.ema()),
  "nn.WeightDrop": p.receiver((w) => w.module(new nn.WeightDrop(new nn.Linear(3, 2), ["weight"]))),
  "nn.AttentionPast": p.receiver(() => new nn.AttentionPast()),
  ...trainReceivers,
  ...distributedReceivers,
};

/** The names under which the packages of this workspace can be imported, as their manifests say. */
function entryNames(): string[] {
  return workspacePackages()
    .filter(({ manifest }) => manifest.private !== true)
    .flatMap(({ name, manifest }) =>
      Object.keys(manifest.exports as object)
        .filter((path) => !/\.(json|wasm)$/.test(path))
        .map((path) => name + path.slice(1)),
    );
}

/** An entry point, with what can be called there. */
export interface Loaded {
  readonly name: string;
  readonly callables: readonly Callable[];
  readonly cases: Cases;
}

/** All of them, but those that this machine cannot build. What two of them export counts for the first. */
export async function loadEntries(): Promise<Loaded[]> {
  const missing = workspacePackages().filter((pkg: WorkspacePackage) => leftOut(pkg) !== undefined);
  const seen = new Set<unknown>();
  const loaded: Loaded[] = [];
  for (const name of entryNames()) {
    if (missing.some((pkg) => name === pkg.name || name.startsWith(`${pkg.name}/`))) continue;
    const entry = ENTRIES[name];
    if (entry === undefined) throw new Error(`${name}: expected cases in scripts/arguments/packages.ts, got none`);
    const own = callablesOf(await entry.load(), (await entry.others?.()) ?? []);
    const fresh = own.filter(({ owner, value }) => owner !== null || !seen.has(value));
    for (const { value } of own) seen.add(value);
    loaded.push({ name, callables: fresh, cases: entry.cases });
  }
  return loaded;
}
