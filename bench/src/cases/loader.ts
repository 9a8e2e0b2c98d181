import { type Backend, DataLoader, manualSeed, type Tensor, TensorDataset, tensor } from "@dropwise/core";
import type { HostData } from "../competitor";
import { type LoaderTask, TINY } from "../task";
import { makeTraining, onBackend } from "./training";
import type { Work } from "./work";

/** Batches in a pass. */
const BATCHES = 100;

type Batch = readonly [input: Tensor, target: Tensor];

/** Batches of a loader, one pass after the other: alone, or each with a step of the small training. */
export function loaderWork(backend: Backend, { op, columns, batch, source }: LoaderTask, data: HostData): Work {
  const rows = BATCHES * batch;
  const input = tensor(data.values(rows * columns, 0), { shape: [rows, columns], backend });
  const targets = data.values(rows, 1).map((value) => (value > 0 ? 1 : 0));
  const target = tensor(targets, { shape: [rows, 1], backend });
  const dataset = new TensorDataset(input, target);
  const places = Array.from({ length: batch }, (_, i) => i);
  const ready =
    source === "ready" ? Array.from({ length: BATCHES }, (_, i) => dataset.batch(places.map((place) => i * batch + place))) : [];
  const batches: Iterable<Batch> =
    source === "ready" ? ready : new DataLoader(dataset, { batchSize: batch, shuffle: source === "shuffled" });
  // A pass goes on where the last call of `run` left it: what it costs to begin one is spread over all its batches, as in a program.
  let pass = batches[Symbol.iterator]();
  const next = (): Batch => {
    const { done, value } = pass.next();
    if (done !== true) return value;
    pass = batches[Symbol.iterator]();
    return next();
  };
  const training = op === "loader" ? undefined : makeTraining(backend, TINY);
  return {
    prepare: manualSeed,
    run(calls) {
      onBackend(backend, () => {
        for (let call = 0; call < calls; call++) {
          const [x, y] = next();
          training?.step(x, y);
        }
      });
    },
    dispose() {
      pass.return?.();
      training?.dispose();
      for (const x of [input, target, ...ready.flat()]) x.dispose();
    },
  };
}
