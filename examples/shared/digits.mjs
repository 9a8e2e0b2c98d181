import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { DataLoader, Generator, TensorDataset, tensor, tidy } from "@dropwise/core";

/** Rows to learn from; the other 797 judge. */
const LEARNED = 1000;

/**
 * The digits, in the split that the quickstart has: pictures in [0, 1] of the shape that a sample is to have, and what they are.
 * Source: Alpaydin and Kaynak, UCI Machine Learning Repository, 1998 (CC BY 4.0).
 *
 * @param {number[]} shape of one picture of 64 pixels
 */
export function readDigits(shape) {
  const file = new URL("../../apps/quickstart/data/digits.csv.gz", import.meta.url);
  const [, ...lines] = gunzipSync(readFileSync(file)).toString().trim().split("\n");
  const rows = lines.map((line) => line.split(",").map(Number));
  const order = tidy(() => {
    const places = new TensorDataset(tensor(Int32Array.from(rows.keys())));
    const loader = new DataLoader(places, { batchSize: rows.length, shuffle: true, generator: new Generator(0) });
    const order = [];
    for (const [batch] of loader) order.push(...batch.dataSync());
    return order;
  });

  /** @param {number[]} chosen */
  const dataset = (chosen) => {
    const pixels = chosen.flatMap((place) => rows[place]?.slice(0, 64).map((pixel) => pixel / 16) ?? []);
    const digits = Int32Array.from(chosen, (place) => rows[place]?.[64] ?? 0);
    return new TensorDataset(tensor(Float32Array.from(pixels), { shape: [chosen.length, ...shape] }), tensor(digits));
  };
  return { train: dataset(order.slice(0, LEARNED)), test: dataset(order.slice(LEARNED)) };
}
