/** `@dropwise/distributed`: a group of one, which needs neither MPI nor the addon, and training in it. */
import { functional as F, nn, optim } from "@dropwise/core";
import type { DataParallel, DataParallelOptions, Group, OptimizerLike } from "@dropwise/distributed";
import type { Cases } from "../case";
import type { Class } from "../exports";
import type { Place } from "../place";
import * as p from "../places";
import type { World } from "../world";

type Distributed = typeof import("@dropwise/distributed");
type Training = new (model: nn.Module, optimizer: OptimizerLike, group: Group, options: Required<DataParallelOptions>) => DataParallel;

let distributed: Distributed;
let LoneGroup: new () => Group;
let Parallel: Training;

/** Loads the package, which a machine without a compiler does not have. */
export async function loadDistributed(): Promise<Distributed> {
  distributed = await import("@dropwise/distributed");
  return distributed;
}

/** The classes that the package does not export: those of what it gives. */
export async function distributedOthers(): Promise<Class[]> {
  const group = await distributed.connect();
  const model = new nn.Linear(3, 2);
  const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
  const parallel = await distributed.dataParallel(model, optimizer, group);
  for (const parameter of model.parameters()) parameter.dispose();
  LoneGroup = group.constructor as typeof LoneGroup;
  Parallel = parallel.constructor as Training;
  return [LoneGroup, Parallel];
}

const isObject = (value: unknown): value is Record<PropertyKey, unknown> => typeof value === "object" && value !== null;
const has =
  (...names: readonly string[]) =>
  (value: unknown) =>
    isObject(value) && names.every((name) => typeof value[name] === "function");
const isSendable = (value: unknown) => [Uint8Array, Int32Array, Float32Array, Float64Array].some((Kind) => value instanceof Kind);

/** A group of its own for each call: `connect` gives one and the same, and what has closed it would have closed it for all others. */
const group: Place = { valid: () => new LoneGroup(), accepts: has("allReduce", "orderedSum", "sumNodes") };

const seconds = p.number(5, (n) => n > 0 && n <= 86_400);
const shards = p.integer(3, 1, 2 ** 16);
const count = p.integer(3, 1, 2 ** 20);
const array: Place = { valid: () => Float32Array.of(1, 2), accepts: isSendable };
/** Of the kind and length of the others. */
const part: Place = { valid: () => Float32Array.of(1, 2), accepts: (value) => value instanceof Float32Array && value.length === 2 };

/** A model that is trained, its optimizer, and both together. */
const linear = (w: World) => w.once("model", () => w.module(new nn.Linear(3, 2, { backend: w.backend, generator: w.generator })));
const sgd = (w: World) => w.once("optimizer", () => new optim.SGD(linear(w).parameters(), { lr: 0.1 }));
const isModel = (value: unknown) => value instanceof nn.Module;
const parallel = p.receiver((w) => new Parallel(linear(w), sgd(w), new LoneGroup(), { shards: 3, checkEvery: 100, bucketBytes: 64 }));
const loss: Place = {
  // A tensor of one element that needs a gradient is a loss; none of the parameters gets one of it.
  ...p.callback(
    { valid: () => 0, accepts: () => false },
    (w) =>
      ([x]: [Parameters<typeof F.relu>[0]]) =>
        F.relu(linear(w).forward(x)).mean(),
  ),
};

export const distributedCases: Cases = {
  connect: {
    args: [
      p.options({
        timeout: seconds,
        joinTimeout: seconds,
        library: { valid: () => "libmpi.so", accepts: (value) => typeof value === "string" },
      }),
    ],
    isAsync: true,
  },

  dataParallel: {
    args: [
      { valid: linear, accepts: isModel },
      { valid: sgd, accepts: has("zeroGrad", "step") },
      group,
      p.options({ shards, checkEvery: p.integer(10, 0, 2 ** 31), bucketBytes: p.integer(64, 4, 2 ** 28) }),
    ],
    isAsync: true,
  },
  "Parallel#step": {
    on: parallel,
    args: [
      p.list(p.operand([4, 3])),
      loss,
      p.options({
        total: p.integer(4, 4, 4),
        beforeStep: { ...p.callback(p.anything()), accepts: (value) => typeof value === "function" && !/^class\b/.test(String(value)) },
      }),
    ],
    says: ["linear"],
    isAsync: true,
  },

  DistributedSampler: [
    { valid: (w) => w.dataset(), accepts: (value) => Number.isInteger((value as { length?: unknown } | null)?.length ?? value) },
    group,
    p.options({ batchSize: p.integer(2, 1, 2 ** 31 - 1), shards, shuffle: p.flag(), dropLast: p.flag(false), generator: p.generator }, [
      "batchSize",
    ]),
  ],
  "DistributedSampler#totalOf": [p.integer(1, 0, 1)],
  "DistributedSampler#[Symbol.iterator]": [],

  "LoneGroup#allReduce": { args: [array, p.options({ reduction: p.word("sum", "max", "min") })], isAsync: true },
  "LoneGroup#orderedSum": {
    args: [p.list(part, 3), p.options({ count: p.integer(3, 3, 3), length: p.integer(2, 2, 2), dtype: p.word("float32") }, ["count"])],
    isAsync: true,
  },
  "LoneGroup#sumNodes": "what dataParallel calls; the published types leave it out",
  "LoneGroup#partsOf": [count],
  "LoneGroup#broadcast": { args: [array, p.options({ root: p.integer(0, 0, 0) })], isAsync: true },
  "LoneGroup#allGather": { args: [array], isAsync: true },
  "LoneGroup#barrier": { isAsync: true },
  "LoneGroup#close": { isAsync: true },

  MpiUnavailableError: "an error that the package makes itself",
  PeerTimeoutError: "an error that the package makes itself",
  GroupError: "an error that the package makes itself",
};

export const distributedReceivers: Readonly<Record<string, Place>> = {
  LoneGroup: p.receiver(() => new LoneGroup()),
  DistributedSampler: p.receiver((w) => new distributed.DistributedSampler(w.dataset(), new LoneGroup(), { batchSize: 2 })),
};
