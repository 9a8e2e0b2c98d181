/** What the metrics are measured on, and what they are to say: torchmetrics 1.9.0 (PyTorch 2.13, CPU) on the same numbers; of AUROC also scikit-learn 1.9.1. */
import { type Tensor, tensor } from "../../../index";
import {
  Accuracy,
  AUROC,
  BrierScore,
  CalibrationError,
  ConfusionMatrix,
  type Metric,
  NegativeLogLikelihood,
  TopKAccuracy,
} from "../../index";

export const N = 24;
export const C = 4;
export const rows = Array.from({ length: N }, (_, i) =>
  Array.from({ length: C }, (_, j) => (((i * 7 + j * 5 + i * j * 3) % 17) - 8) / 4 + j / 64),
);
const classes = Int32Array.from({ length: N }, (_, i) => (i * i + Math.floor(i / 3)) % C);
const ignored = classes.map((c, i) => (i % 5 === 0 ? -100 : c));
export const scores = Float32Array.from({ length: 40 }, (_, i) => ((i * 37) % 11) / 10);
export const truths = Int32Array.from({ length: 40 }, (_, i) => Number((i * i * 3 + i) % 7 < 3));

export const byClass =
  (target = classes) =>
  (from: number, to: number) =>
    [tensor(Float32Array.from(rows.slice(from, to).flat()), { shape: [to - from, C] }), tensor(target.slice(from, to))] as const;
export const byScore = (from: number, to: number) => [tensor(scores.slice(from, to)), tensor(truths.slice(from, to))] as const;

export interface Case {
  readonly name: string;
  readonly make: () => Metric<unknown>;
  readonly batch: (from: number, to: number) => readonly [Tensor, Tensor];
  readonly length: number;
  readonly expected: unknown;
}

const one = (name: string, make: Case["make"], expected: unknown, batch: Case["batch"] = byClass(), length = N): Case => ({
  name,
  make,
  batch,
  length,
  expected,
});

export const cases: readonly Case[] = [
  one("Accuracy", () => new Accuracy(), 0.4583333432674408),
  one("Accuracy with ignored targets", () => new Accuracy(), 0.4736842215061188, byClass(ignored)),
  one("Accuracy with a threshold", () => new Accuracy({ threshold: 0.5 }), 0.550000011920929, byScore, 40),
  one("TopKAccuracy of 1", () => new TopKAccuracy({ k: 1 }), 0.4583333432674408),
  one("TopKAccuracy of 2", () => new TopKAccuracy({ k: 2 }), 0.625),
  one("TopKAccuracy of 3", () => new TopKAccuracy({ k: 3 }), 0.8333333134651184),
  one("TopKAccuracy of all", () => new TopKAccuracy({ k: 4 }), 1),
  one("ConfusionMatrix", () => new ConfusionMatrix({ numClasses: C }), [
    [4, 2, 0, 2],
    [0, 2, 0, 2],
    [1, 2, 3, 2],
    [1, 0, 1, 2],
  ]),
  one(
    "ConfusionMatrix with ignored targets",
    () => new ConfusionMatrix({ numClasses: C }),
    [
      [4, 2, 0, 1],
      [0, 2, 0, 2],
      [0, 2, 2, 1],
      [1, 0, 1, 1],
    ],
    byClass(ignored),
  ),
  one(
    "ConfusionMatrix with a threshold",
    () => new ConfusionMatrix({ numClasses: 2, threshold: 0.5 }),
    [
      [11, 6],
      [12, 11],
    ],
    byScore,
    40,
  ),
  one("CalibrationError", () => new CalibrationError(), 0.13543516397476196),
  one("CalibrationError of 5 bins", () => new CalibrationError({ nBins: 5 }), 0.0842752680182457),
  one("CalibrationError with ignored targets", () => new CalibrationError(), 0.153045654296875, byClass(ignored)),
  // Beside PyTorch's crossEntropy in float64, and NumPy for the next two.
  one("NegativeLogLikelihood", () => new NegativeLogLikelihood(), 1.3633693275260017),
  one("NegativeLogLikelihood with ignored targets", () => new NegativeLogLikelihood(), 1.2755037198235766, byClass(ignored)),
  one("BrierScore", () => new BrierScore(), 0.7047982223353157),
  one("BrierScore with ignored targets", () => new BrierScore(), 0.6778153839036816, byClass(ignored)),
  one("AUROC", () => new AUROC(), 0.5677749360613811, byScore, 40),
];

/** Goes over a case in batches that begin at `starts`, and reads the value. */
export async function measure({ make, batch, length }: Case, starts: readonly number[]): Promise<unknown> {
  const metric = make();
  starts.forEach((from, i) => {
    const [output, target] = batch(from, starts[i + 1] ?? length);
    metric.update(output, target);
    // What a loader does.
    output.dispose();
    target.dispose();
  });
  const value = await metric.compute();
  metric.reset();
  return value;
}
