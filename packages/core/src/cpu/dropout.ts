/**
 * The affine select behind the whole dropout family, forward and backward; every other dropout kernel is held to this one, bit for bit.
 *
 *     y[i] = keep(m(i)) ? f32(f32(x[i] * keepScale) + keepShift) : dropValue
 *
 * It draws the mask as it goes and stores none of it: element m is kept when word m % 4 of Philox block floor(m / 4) is below the threshold, or as a layout says.
 * Indices may exceed 2^32, so they are numbers in double, never cut by a shift. Not meant to be fast: the ten rounds of Philox
 * are most of its time.
 */
import type { DropoutSpec } from "../backend/backend";
import { philox4x32 } from "../random/philox";
import { sizeOf } from "../shape/shape";
import type { HostOperand } from "./host-operand";

/** Room for a block and for the two values of an element; a call that made its own would spend a third of a small tensor's time on that. */
const WORDS = /* @__PURE__ */ new Uint32Array(4);
const CHOICE = /* @__PURE__ */ new Float64Array(2);

/** Applies the select to float data of `spec.shape`. `x` is contiguous or has strides of 0 only; `out` is contiguous and may be `x`. */
export function dropout(spec: DropoutSpec, x: HostOperand, xStep: 0 | 1, out: HostOperand): void {
  const { seedLo, seedHi, callLo, callHi, keepScale, keepShift, threshold, shape, maskStrides } = spec;
  const { data: from, offset: fromOffset } = x;
  const { data: to, offset: toOffset } = out;
  const single = to instanceof Float32Array;
  const keeps = spec.layout?.keeps(spec);
  const words = WORDS;
  let drawn = -1; // the block that `words` holds
  // Dropped and kept value; picked by index, since a branch on a random bit is mispredicted every other time.
  const choice = CHOICE;
  choice[0] = spec.dropValue;
  const length = shape.at(-1) as number;
  const maskStep = maskStrides.at(-1) as number;
  const rows = length === 0 ? 0 : sizeOf(shape) / length;

  for (let row = 0; row < rows; row++) {
    // The index is split once per row into a block number and a place in the block, which the loop steps as small integers.
    const first = spec.elementOffset + maskIndexOfRow(row, shape, maskStrides);
    let block = Math.floor(first / 4);
    let lane = first - 4 * block;
    const start = row * length;
    for (let i = start; i < start + length; i++) {
      if (block !== drawn) {
        philox4x32(seedLo, seedHi, callLo, callHi, block >>> 0, Math.floor(block / 2 ** 32), words);
        drawn = block;
      }
      let kept = (from[fromOffset + i * xStep] as number) * keepScale;
      // With a shift there are two roundings, as on every backend; without one the store rounds.
      if (keepShift !== 0) kept = (single ? Math.fround(kept) : kept) + keepShift;
      choice[1] = kept;
      to[toOffset + i] = choice[Number(keeps ? keeps(4 * block + lane) : (words[lane] as number) < threshold)] as number;
      lane += maskStep;
      if (lane >= 4) {
        block += Math.floor(lane / 4);
        lane %= 4;
      }
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
