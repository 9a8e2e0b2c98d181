import { DataLoader, functional as F, manualSeed, nn, optim, TensorDataset, tensor, tidy } from "@dropwise/core";
import { type DataSource, generatorFor, type Rows, type Split, seedPlus } from "../data/source";
import { accuracy } from "../programs/evaluate";
import type { Classifier } from "../programs/lesson";
import type { Progress } from "../terminal/progress";

/** Few rows for many weights, so that there is something to overfit. */
export const OVERFIT_ROWS = { train: 150, test: 1000 } as const;

/** Passes over the rows when `--epochs` is not given: enough for the model without dropout to know every training row by heart. */
export const OVERFIT_EPOCHS = 40;

/** Values in each of the two hidden layers. */
export const OVERFIT_WIDTH = 128;

export const OVERFIT_P = 0.5;

/** Accuracies, as shares, of one seed's two models: equal weights at the start, equal rows in equal order; only p differs. */
export interface OverfitResult {
  readonly seed: bigint;
  readonly without: { readonly train: number; readonly test: number };
  readonly with: { readonly train: number; readonly test: number };
}

/** The results, and the model with dropout of the first seed, in eval mode, with its rows. */
export interface Overfitting {
  readonly results: OverfitResult[];
  readonly model: Classifier;
  readonly split: Split;
}

/** Trains the wide model with and without dropout for each of `seeds` seeds, on rows drawn anew for each. Advances once per epoch. */
export async function compareOverfitting(
  source: DataSource,
  { seed, seeds, epochs, progress }: { seed: bigint; seeds: number; epochs: number; progress: Progress },
): Promise<Overfitting> {
  const results: OverfitResult[] = [];
  let first: Omit<Overfitting, "results"> | undefined;
  for (let i = 0; i < seeds; i++) {
    const own = seedPlus(seed, i);
    const split = source.split(own, OVERFIT_ROWS);
    const measure = async (model: Classifier): Promise<OverfitResult["with"]> => ({
      train: await accuracy(model, split.train),
      test: await accuracy(model, split.test),
    });
    const plain = trainWide(split.train, { p: 0, seed: own, epochs, progress });
    const dropped = trainWide(split.train, { p: OVERFIT_P, seed: own, epochs, progress });
    results.push({ seed: own, without: await measure(plain), with: await measure(dropped) });
    first ??= { model: dropped, split };
  }
  return { results, ...(first as Omit<Overfitting, "results">) };
}

// --- internal helpers ---

/** A network with room for far more than the rows have to say; p = 0 makes the dropout layers pass everything. */
function trainWide(
  rows: Rows,
  { p, seed, epochs, progress }: { p: number; seed: bigint; epochs: number; progress: Progress },
): nn.Sequential {
  manualSeed(seed);
  const model = new nn.Sequential(
    new nn.Linear(rows.features, OVERFIT_WIDTH),
    new nn.ReLU(),
    new nn.Dropout({ p }),
    new nn.Linear(OVERFIT_WIDTH, OVERFIT_WIDTH),
    new nn.ReLU(),
    new nn.Dropout({ p }),
    new nn.Linear(OVERFIT_WIDTH, 1),
    new nn.Sigmoid(),
  );
  const optimizer = new optim.Adam(model.parameters(), { lr: 0.003 });
  const input = tensor(rows.inputs, { shape: [rows.count, rows.features] });
  const target = tensor(rows.targets, { shape: [rows.count, 1] });
  const loader = new DataLoader(new TensorDataset(input, target), {
    batchSize: 32,
    shuffle: true,
    generator: generatorFor(seed, "shuffle"),
  });
  for (let epoch = 0; epoch < epochs; epoch++) {
    for (const [x, y] of loader) {
      tidy(() => {
        optimizer.zeroGrad();
        const loss = F.binaryCrossEntropy(model.forward(x), y);
        loss.backward();
        optimizer.step();
      });
    }
    progress.advance();
  }
  input.dispose();
  target.dispose();
  return model;
}
