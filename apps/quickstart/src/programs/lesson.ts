import type { DataLoader, nn, Tensor, TensorDataset } from "@dropwise/core";

/** What each of the three programs is given. */
export interface Lesson {
  /** Columns of the input. */
  readonly features: number;
  /** Batches of `[input, target]`: `[rows, features]` and `[rows, 1]`. */
  readonly loader: DataLoader<TensorDataset<[Tensor, Tensor]>>;
  /** Passes over the rows. */
  readonly epochs: number;
  /** Told the mean training loss after each pass. */
  onEpoch(epoch: number, loss: number): void;
}

/** A model from rows to the probability of class 1. */
export interface Classifier extends nn.Module {
  forward(input: Tensor): Tensor;
}
