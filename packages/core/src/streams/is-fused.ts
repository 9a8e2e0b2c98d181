import { ATTENTION_DROPOUT } from "../functional/attention";
import type { MaskRequest } from "../random/source";

/** True for a mask that PyTorch's fused kernel draws: `F.dropout` out of place. What is in place, by channels or with alpha is noise, drawn by `bernoulli_`. */
export function isFused({ op, inplace, noiseShape }: MaskRequest): boolean {
  return op === ATTENTION_DROPOUT || (op === "dropout" && !inplace && noiseShape === undefined);
}
