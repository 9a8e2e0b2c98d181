import { DataLoader, manualSeed, type Tensor, TensorDataset, tensor } from "@dropwise/core";
import { generatorFor, type Rows } from "../data/source";
import { trainWithModule } from "./1-module";
import { trainWithFunction } from "./2-functional";
import { trainConditionally } from "./3-conditional";
import type { Classifier, Lesson } from "./lesson";

/** One of the three example programs. */
export interface Program {
  readonly name: string;
  readonly title: string;
  readonly file: string;
  /** What a reader should take from it. */
  readonly notice: string;
  train(lesson: Lesson): Promise<Classifier>;
}

/** The three, in the order in which they are told. */
export const PROGRAMS: readonly Program[] = [
  {
    name: "module",
    title: "nn.Dropout, a layer",
    file: "1-module.ts",
    notice: "The layer follows train() and eval() by itself: masks while training, its input unchanged after eval().",
    train: trainWithModule,
  },
  {
    name: "functional",
    title: "F.dropout, a function",
    file: "2-functional.ts",
    notice:
      "The function has no state: forward() hands it this.training. Its default is true, so without the flag it would go on dropping after eval().",
    train: trainWithFunction,
  },
  {
    name: "conditional",
    title: "F.dropout under a condition",
    file: "3-conditional.ts",
    notice:
      "No dropout in the first third of the training, and then only for rows far from the middle: a function call can stand behind any if.",
    train: trainConditionally,
  },
];

/** Rows of a batch in the three programs. */
const BATCH_SIZE = 64;

/** How many rows the three programs learn from and are judged by, at most. */
export const PROGRAM_ROWS = { train: 512, test: 1000 } as const;

/** Passes over the rows when `--epochs` is not given. */
export const PROGRAM_EPOCHS = 30;

/** A trained program. */
export interface Trained {
  readonly model: Classifier;
  /** Mean training loss of each epoch. */
  readonly losses: number[];
}

/** Trains a program on rows of two classes, on the default backend. The same seed gives the same weights, order of rows and masks. */
export async function trainProgram(
  program: Program,
  rows: Rows,
  { seed, epochs, onEpoch }: { seed: bigint; epochs: number; onEpoch?: () => void },
): Promise<Trained> {
  const dataset = datasetOf(rows);
  const losses: number[] = [];
  manualSeed(seed);
  const model = await program.train({
    features: rows.features,
    loader: loaderOf(dataset, seed),
    epochs,
    onEpoch(_epoch, loss) {
      losses.push(loss);
      onEpoch?.();
    },
  });
  for (const x of dataset.tensors) x.dispose();
  return { model, losses };
}

/** The rows as tensors on the default backend; the caller disposes them. */
export function datasetOf(rows: Rows): TensorDataset<[Tensor, Tensor]> {
  const input = tensor(rows.inputs, { shape: [rows.count, rows.features] });
  return new TensorDataset(input, tensor(Float32Array.from(rows.targets), { shape: [rows.count, 1] }));
}

/** The batches that the programs learn from: in an order that only the seed decides. */
export function loaderOf(dataset: TensorDataset<[Tensor, Tensor]>, seed: bigint): DataLoader<TensorDataset<[Tensor, Tensor]>> {
  return new DataLoader(dataset, { batchSize: BATCH_SIZE, shuffle: true, generator: generatorFor(seed, "shuffle") });
}
