import { noGrad, type Tensor, tensor, tidy } from "@dropwise/core";
import type { Rows } from "../data/source";
import type { Classifier } from "./lesson";

/** Rows that go through a model at once; bounds the memory that wide rows take. */
const CHUNK = 1024;

/**
 * A model's answers, row by row, in the mode the model is in: in training mode each call draws new masks. A model with one output gives
 * one number for a row, one with ten gives ten. `finish` makes something else of the output, such as probabilities.
 */
export async function predict(model: Classifier, rows: Rows, finish = (output: Tensor): Tensor => output): Promise<Float32Array> {
  const parts: Float32Array[] = [];
  for (let start = 0; start < rows.count; start += CHUNK) {
    const end = Math.min(start + CHUNK, rows.count);
    const part = rows.inputs.subarray(start * rows.features, end * rows.features);
    const output = tidy(() => noGrad(() => finish(model.forward(tensor(part, { shape: [end - start, rows.features] })))));
    parts.push((await output.data()) as Float32Array);
    output.dispose();
  }
  const [first = new Float32Array(0)] = parts;
  if (parts.length === 1) return first;
  const result = new Float32Array((first.length / CHUNK) * rows.count);
  parts.forEach((part, i) => {
    result.set(part, i * first.length);
  });
  return result;
}

/** The share of rows whose class a model with one output gets right, without dropout. Leaves the model in eval mode. */
export async function accuracy(model: Classifier, rows: Rows): Promise<number> {
  model.eval();
  const predictions = await predict(model, rows);
  let right = 0;
  predictions.forEach((value, row) => {
    if (value > 0.5 === (rows.targets[row] === 1)) right++;
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
