/** What is kept of the samples' outputs. */
import { checkFloating } from "../../dtype/dtype";
import { ShapeError } from "../../errors/errors";
import { softmax } from "../../functional/activations";
import { cat } from "../../ops/cat";
import { formatShape } from "../../shape/shape";
import type { Tensor } from "../../tensor/tensor";
import { tidy } from "../../tensor/tidy";
import { Moments } from "./moments";

/** What a model's outputs are. */
export type OutputKind = "values" | "logits" | "probabilities";

/** Adds outputs up, in memory that does not grow with the samples unless these are to be kept. */
export class Answers {
  readonly #op: string;
  readonly #outputs: OutputKind;
  readonly #values = new Moments();
  readonly #entropy = new Moments();
  readonly #kept: Tensor[] | null;

  constructor(op: string, outputs: OutputKind, keepSamples: boolean) {
    this.#op = op;
    this.#outputs = outputs;
    this.#kept = keepSamples ? [] : null;
  }

  /** Takes outputs in, `[k, N, ...]`, and frees them. */
  readonly add = (outputs: Tensor): void => {
    checkFloating(this.#op, outputs.dtype);
    const isOfClasses = this.#outputs !== "values";
    if (isOfClasses && outputs.sizes.length < 3) {
      const shape = outputs.sizes.slice(1);
      const detail = `expected outputs (N, C, ...) for outputs: "${this.#outputs}", got ${formatShape(shape)}`;
      throw new ShapeError(this.#op, [shape], detail);
    }
    const values = this.#outputs === "logits" ? softmax(outputs, { dim: 2 }) : outputs;
    this.#values.add(values);
    if (isOfClasses) {
      const entropy = entropyOf(values, 2);
      this.#entropy.add(entropy);
      entropy.dispose();
    }
    if (values !== outputs) outputs.dispose();
    if (this.#kept === null) values.dispose();
    else this.#kept.push(values);
  };

  /** What all came to. */
  read() {
    const { mean, variance } = this.#values.read();
    const samples = this.#kept === null ? null : cat(this.#kept);
    if (this.#outputs === "values") return { mean, variance, samples };
    const predictiveEntropy = entropyOf(mean, 1);
    const mutualInformation = predictiveEntropy.sub(this.#entropy.read().mean).clamp({ min: 0 });
    return { mean, variance, samples, predictiveEntropy, mutualInformation };
  }
}

// --- internal helpers ---

/** Where a probability is 0, its share of the entropy is, too: 0 times this one's logarithm. */
const TINY = 1e-37;

/** In nats. */
function entropyOf(probabilities: Tensor, dim: number): Tensor {
  return tidy(() =>
    probabilities
      .mul(probabilities.clamp({ min: TINY }).log())
      .sum({ dim })
      .neg(),
  );
}
