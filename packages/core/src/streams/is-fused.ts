import { ATTENTION_DROPOUT } from "../functional/attention";
import type { MaskRequest } from "../random/source";

/** Ops that are `F.dropout`, of data or, in AWD-LSTM, of weights. */
const DROPOUT = /^(dropout|dropConnect|WeightDrop)$/;

/**
 * True for a mask that PyTorch's fused kernel draws: `F.dropout` out of place. What is in place, by channels or with alpha is noise, drawn by `bernoulli_`, and so is
 * what other libraries drop in pieces.
 */
export function isFused({ op, inplace, noiseShape }: MaskRequest): boolean {
  return op === ATTENTION_DROPOUT || (DROPOUT.test(op) && !inplace && noiseShape === undefined);
}
