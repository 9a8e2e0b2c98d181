/** What the tests of `fit` train, and how they look at it. */
import { DataLoader, functional as F, manualSeed, nn, optim, randn, TensorDataset, tidy } from "../index";
import { type FitOptions, fit } from "../train";

/** A model with dropout and batch statistics, data with a last batch that is not full, an optimizer with state. */
export function setting(rows = 22) {
  manualSeed(5);
  const model = new nn.Sequential(new nn.Linear(4, 8), new nn.BatchNorm1d(8), new nn.ReLU(), new nn.Dropout(0.3), new nn.Linear(8, 3));
  const [x, y] = tidy(() => {
    const x = randn([rows, 4]);
    return [x, x.slice(1, 0, 3).argmax({ dim: 1 })] as const;
  });
  const dataset = new TensorDataset(x, y);
  const loader = new DataLoader(dataset, { batchSize: 4, shuffle: true });
  const optimizer = new optim.Adam(model.parameters(), { lr: 0.05 });
  return { model, loader, optimizer, dataset };
}

/** The training flag of each module. */
export const flagsOf = (model: nn.Module) => [...model.modules()].map(({ training }) => training);
/** All parameters and buffers. */
export const stateOf = async (model: nn.Module) => Promise.all(Object.values(model.stateDict()).map((x) => x.data()));

/** Sets flags as no call of `train` or `eval` does. */
export function mixed(model: nn.Module): boolean[] {
  [...model.modules()].forEach((module, i) => {
    module.training = i % 2 === 0;
  });
  return flagsOf(model);
}

/** Two epochs, or what the options say. */
export const run = (given: ReturnType<typeof setting>, options: Partial<FitOptions> = {}) =>
  fit(given.model, given.loader, { loss: F.crossEntropy, optimizer: given.optimizer, epochs: 2, ...options });

/** Throws, as a user's function may. */
export function fail(): never {
  throw new Error("by the user");
}

/** A signal, and what gives it. */
export function stopper(reason?: Error) {
  const controller = new AbortController();
  return { signal: controller.signal, abort: () => controller.abort(reason) };
}
