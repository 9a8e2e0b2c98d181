import { noGrad, tensor, tidy } from "@dropwise/core";
import type { Rows } from "../data/source";
import type { Classifier } from "./lesson";

/** Rows that go through a model at once; bounds the memory that wide rows take. */
const CHUNK = 1024;

/** The probability of class 1 for each row, in the mode the model is in: in training mode each call draws new masks. */
export async function predict(model: Classifier, rows: Rows): Promise<Float32Array> {
  const result = new Float32Array(rows.count);
  for (let start = 0; start < rows.count; start += CHUNK) {
    const end = Math.min(start + CHUNK, rows.count);
    const part = rows.inputs.subarray(start * rows.features, end * rows.features);
    const output = tidy(() => noGrad(() => model.forward(tensor(part, { shape: [end - start, rows.features] }))));
    result.set((await output.data()) as Float32Array, start);
    output.dispose();
  }
  return result;
}

/** The share of rows whose class the model gets right, without dropout. Leaves the model in eval mode. */
export async function accuracy(model: Classifier, rows: Rows): Promise<number> {
  model.eval();
  const predictions = await predict(model, rows);
  let right = 0;
  predictions.forEach((value, row) => {
    if (value > 0.5 === (rows.targets[row] as number) > 0.5) right++;
  });
  return right / rows.count;
}

/**
 * The answers for one row from two passes over all rows in training mode and two in eval mode: the row whose training answers differ most.
 * Leaves the model in eval mode.
 */
export async function answersTwice(model: Classifier, rows: Rows): Promise<{ train: [number, number]; eval: [number, number] }> {
  model.train();
  const train = [await predict(model, rows), await predict(model, rows)] as const;
  model.eval();
  const evaluated = [await predict(model, rows), await predict(model, rows)] as const;
  const differences = train[0].map((value, row) => Math.abs(value - (train[1][row] as number)));
  const row = differences.indexOf(Math.max(...differences));
  const pick = ([a, b]: readonly [Float32Array, Float32Array]): [number, number] => [a[row] as number, b[row] as number];
  return { train: pick(train), eval: pick(evaluated) };
}
