import type { nn, Tensor } from "@dropwise/core";

/** Batches of `[input, target]`, `[rows, features]` and `[rows, 1]`: a loader, or an array of them; each pass goes over them anew. */
export type Batches = Iterable<readonly [Tensor, Tensor]>;

/** What each of the three programs is given. */
export interface Lesson {
  /** Columns of the input. */
  readonly features: number;
  readonly loader: Batches;
  /** Passes over the rows. */
  readonly epochs: number;
  /** Told the mean training loss after each pass. */
  onEpoch(epoch: number, loss: number): void;
}

/** A model from rows to the probability of class 1. */
export interface Classifier extends nn.Module {
  forward(input: Tensor): Tensor;
}
