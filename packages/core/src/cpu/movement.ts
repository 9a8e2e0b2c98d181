import type { Shape } from "../shape/shape";
import { forEachRow, type HostOperand } from "./host-operand";

/** Copies x into out, any strides on both, converting dtypes: to bool by `!= 0`, to int32 by truncation. */
export function copy(shape: Shape, x: HostOperand, out: HostOperand): void {
  const { data: from } = x;
  const { data: to } = out;
  const toBool = to instanceof Uint8Array && !(from instanceof Uint8Array);
  forEachRow(shape, [x, out], (length, [stepX, stepOut], [startX, startOut]) => {
    let i = startX as number;
    let k = startOut as number;
    if (stepX === 1 && stepOut === 1 && !toBool) {
      to.set(from.subarray(i, i + length), k);
      return;
    }
    for (let n = 0; n < length; n++) {
      const value = from[i] as number;
      to[k] = toBool ? Number(value !== 0) : value;
      i += stepX as number;
      k += stepOut as number;
    }
  });
}
