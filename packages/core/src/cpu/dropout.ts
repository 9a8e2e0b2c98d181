/**
 * The affine select behind the whole dropout family, forward and backward; every other dropout kernel is held to this one, bit for bit.
 *
 *     y[i] = keep(m(i)) ? f32(f32(x[i] * keepScale) + keepShift) : dropValue
 *
 * It draws the mask as it goes and stores none of it: element m is kept when word m % 4 of Philox block floor(m / 4) is below the threshold.
 * Indices may exceed 2^32, so they are numbers in double, never cut by a shift. Not meant to be fast: the ten rounds of Philox
 * are most of its time.
 */
import type { DropoutSpec } from "../backend/backend";
import { philox4x32 } from "../random/philox";
import type { HostOperand } from "./host-operand";

/** Applies the select to float data of `spec.shape`. `x` is contiguous or has strides of 0 only; `out` is contiguous and may be `x`. */
export function dropout(spec: DropoutSpec, x: HostOperand, xStep: 0 | 1, out: HostOperand): void {
  const { keepScale, keepShift, dropValue, threshold, shape, maskStrides } = spec;
  const single = out.data instanceof Float32Array;
  const words = new Uint32Array(4);
  let drawn = -1; // the block that `words` holds
  const last = shape.length - 1;
  const length = shape[last] as number;
  const maskStep = maskStrides[last] as number;
  const rows = length === 0 ? 0 : shape.slice(0, last).reduce((product, size) => product * size, 1);

  let from = x.offset;
  let to = out.offset;
  for (let row = 0; row < rows; row++) {
    let mask = spec.elementOffset + maskIndexOfRow(row, shape, maskStrides);
    for (let i = 0; i < length; i++) {
      const block = Math.floor(mask / 4);
      if (block !== drawn) {
        philox4x32(spec.seedLo, spec.seedHi, spec.callLo, spec.callHi, block >>> 0, Math.floor(block / 2 ** 32), words);
        drawn = block;
      }
      let y = dropValue;
      if ((words[mask - 4 * block] as number) < threshold) {
        y = (x.data[from] as number) * keepScale;
        // With a shift there are two roundings, as on every backend; without one the store rounds.
        if (keepShift !== 0) y = (single ? Math.fround(y) : y) + keepShift;
      }
      out.data[to] = y;
      mask += maskStep;
      from += xStep;
      to++;
    }
  }
}

// --- internal helpers ---

/** The mask index of a row's first element: the row number, written in the sizes of the outer dimensions, times their mask strides. */
function maskIndexOfRow(row: number, shape: readonly number[], maskStrides: readonly number[]): number {
  let index = 0;
  let rest = row;
  for (let dim = shape.length - 2; dim >= 0; dim--) {
    const size = shape[dim] as number;
    index += (rest % size) * (maskStrides[dim] as number);
    rest = Math.floor(rest / size);
  }
  return index;
}
