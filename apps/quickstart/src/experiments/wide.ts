import { DataLoader, functional as F, manualSeed, nn, optim, TensorDataset, tensor, tidy } from "@dropwise/core";
import { generatorFor, type Rows } from "../data/source";
import { predict } from "../programs/evaluate";
import type { Classifier } from "../programs/lesson";
import type { Progress } from "../terminal/progress";

/** Values in each of the two hidden layers. */
export const WIDE_WIDTH = 128;

/** The share of hidden values that is dropped. */
export const WIDE_P = 0.5;

const BATCH_SIZE = 32;

/** How good a model's answers are. */
export interface Score {
  /** The share of rows whose class it gets right. */
  readonly accuracy: number;
  /** Mean cross-entropy: what it costs on average that the right class did not get all of the probability. Being surely wrong costs most. */
  readonly loss: number;
}

/**
 * Trains a network with room for far more than the rows have to say, with one output for each class; p = 0 makes the dropout layers pass
 * everything. The same seed gives the same weights at the start, order of rows and masks. Advances once per epoch.
 */
export function trainWide(
  rows: Rows,
  { classes, p, seed, epochs, progress }: { classes: number; p: number; seed: bigint; epochs: number; progress: Progress },
): Classifier {
  manualSeed(seed);
  const model = new nn.Sequential(
    new nn.Linear(rows.features, WIDE_WIDTH),
    new nn.ReLU(),
    new nn.Dropout({ p }),
    new nn.Linear(WIDE_WIDTH, WIDE_WIDTH),
    new nn.ReLU(),
    new nn.Dropout({ p }),
    new nn.Linear(WIDE_WIDTH, classes),
  );
  const optimizer = new optim.Adam(model.parameters(), { lr: 0.003 });
  const input = tensor(rows.inputs, { shape: [rows.count, rows.features] });
  const target = tensor(rows.targets);
  const loader = new DataLoader(new TensorDataset(input, target), {
    batchSize: BATCH_SIZE,
    shuffle: true,
    generator: generatorFor(seed, "shuffle"),
  });
  for (let epoch = 0; epoch < epochs; epoch++) {
    for (const [x, y] of loader) {
      tidy(() => {
        optimizer.zeroGrad();
        const loss = F.crossEntropy(model.forward(x), y);
        loss.backward();
        optimizer.step();
      });
    }
    progress.advance();
  }
  input.dispose();
  target.dispose();
  return model.eval();
}

/** The probability of each class for each row, row by row, in the mode the model is in. */
export function probabilities(model: Classifier, rows: Rows): Promise<Float32Array> {
  return predict(model, rows, (output) => F.softmax(output, { dim: 1 }));
}

/** How good the model's answers for these rows are, in the mode the model is in. */
export async function score(model: Classifier, rows: Rows): Promise<Score> {
  const logProbabilities = await predict(model, rows, (output) => F.logSoftmax(output, { dim: 1 }));
  const classes = logProbabilities.length / rows.count;
  let right = 0;
  let loss = 0;
  rows.targets.forEach((target, row) => {
    const answers = logProbabilities.subarray(row * classes, (row + 1) * classes);
    if (largest(answers) === target) right++;
    loss -= answers[target] as number;
  });
  return { accuracy: right / rows.count, loss: loss / rows.count };
}

/** The place of the largest value, the first of equal ones. */
export function largest(values: Float32Array): number {
  return values.indexOf(values.reduce((a, b) => Math.max(a, b)));
}
