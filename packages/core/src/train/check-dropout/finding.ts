/** What a check may find, and the words for it. */
import { itemsOf } from "../../errors/options";
import { wrongType } from "../../errors/refusal";

/** Which of the known mistakes a finding is; see `checkDropout`. */
export type DropoutMistake =
  | "draws-in-eval"
  | "before-batch-norm"
  | "after-last-layer"
  | "high-rate"
  | "dropout2d-on-sequence"
  | "shared-layer"
  | "train-mode";

/** A mistake that `checkDropout` found. */
export interface DropoutFinding {
  /** Which one. */
  readonly kind: DropoutMistake;
  /** The dotted name of the module that drops, or in whose `forward` a function drops; "" for the model itself. */
  readonly name: string;
  /** What was expected there, and what is. */
  readonly message: string;
  /** What to do, or when to leave it. */
  readonly advice: string;
}

/**
 * Findings as text, a line each, for a log or the message of a test.
 *
 * @param findings What `checkDropout` gave.
 * @returns "no findings" where there are none.
 * @throws TypeError for what are no findings.
 * @example
 * ```ts
 * const model = new nn.Sequential(new nn.Linear(4, 2), new nn.Dropout(0.5));
 * console.log(dropoutReport(checkDropout(model, ones([2, 4]))).split(",")[0]); // after-last-layer: 1: expected a layer behind dropout
 * ```
 */
export function dropoutReport(findings: Iterable<DropoutFinding>): string {
  const lines = itemsOf("dropoutReport", "an array of findings", findings, (item) => {
    const { kind, message, advice } = (item ?? {}) as Partial<DropoutFinding>;
    if (typeof kind !== "string") throw wrongType("dropoutReport", "findings of checkDropout", item);
    return `${kind}: ${message} - ${advice}`;
  });
  return lines.length === 0 ? "no findings" : lines.join("\n");
}

/** A finding in the words of its kind; `facts` are what they name. */
export function finding(kind: DropoutMistake, name: string, facts = ""): DropoutFinding {
  const { message, advice } = WORDS[kind](facts);
  return { kind, name, message: `${name === "" ? "the model" : name}: ${message}`, advice };
}

// --- internal helpers ---

type Words = Pick<DropoutFinding, "message" | "advice">;

const WORDS: Readonly<Record<DropoutMistake, (facts: string) => Words>> = {
  "draws-in-eval": (what) => ({
    message: `expected nothing random in eval mode, got ${what}`,
    advice:
      "pass { training: this.training } to F.dropout; keep layers in properties that eval() reaches; else draw only where this.training",
  }),
  "before-batch-norm": (norms) => ({
    message: `expected dropout behind the last batch norm, got one whose output reaches ${norms}`,
    advice:
      "the norm learns a variance that inference does not have (https://arxiv.org/abs/1801.05134): move dropout behind all batch norms, or use layer or group norms",
  }),
  "after-last-layer": () => ({
    message: "expected a layer behind dropout, got its output as the model's",
    advice: "answers are dropped that the loss is to judge: put dropout before the last layer",
  }),
  "high-rate": (p) => ({
    message: `expected a probability of being dropped, of 0.8 at most, got p = ${p}`,
    advice: `p is what is dropped, not what is kept: for a keep probability of ${p}, write 1 - ${p}`,
  }),
  "dropout2d-on-sequence": (shape) => ({
    message: `expected (N, C, H, W) in 2-dimensional dropout, got an input of shape ${shape}`,
    advice:
      "it is read as (N, C, L), and drops whole rows along L: use Dropout1d where dimension 1 holds channels; for (N, L, C), Dropout with noiseShape [null, 1, null]; for one (C, H, W), unsqueeze(0)",
  }),
  "shared-layer": (calls) => ({
    message: `expected one call in a forward, got ${calls} of the same dropout layer`,
    advice: "each call draws its own mask, but lastMask() tells only of the last, and all have one p: make a layer for each place",
  }),
  "train-mode": (what) => ({
    message: `expected eval mode, got ${what}`,
    advice: "call model.eval() before validation; leave it where dropout is to sample, as in Monte-Carlo dropout",
  }),
};
