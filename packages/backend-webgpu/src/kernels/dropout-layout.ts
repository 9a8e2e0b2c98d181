import type { DropoutSpec, MaskLayout } from "@dropwise/core/backend";
import layoutSource from "./dropout-layout.wgsl";
import packedSource from "./dropout-packed.wgsl";
import spreadSource from "./dropout-spread.wgsl";

const TWO_32 = 2 ** 32;

/** The part of a dropout kernel that draws its mask. */
export interface Draws {
  /** Names the code. */
  readonly key: string;
  /** WGSL: the struct `Params` and what draws. */
  readonly source: readonly string[];
  readonly defines: string;
  /** The words of `Params` from `call` to `threshold`, and those behind what all masks have. */
  readonly params: readonly number[];
  readonly more: readonly number[];
  /** Whether neighbours of the mask share no block. */
  readonly isApart: boolean;
  /** Where a plain mask is drawn by columns, how many there are: a column has the elements that one block decides. Else 0. */
  readonly columns: number;
}

/** Draws by a layout; see dropout-layout.wgsl. What has more than 32 bits is divided here, since `elementOffset` may have 53. */
export function drawsByLayout({ kind, width, threads, shift, low, thresholdHi }: MaskLayout, spec: DropoutSpec, n: number): Draws {
  const residue = spec.elementOffset % 4;
  const element = spec.elementOffset - residue;
  const isFlat = kind === "flat";
  const isWide = kind === "wide";
  const isSpread = kind === "spread" || isWide;
  const blocks = Math.max(1, width / 4); // of a thread in a turn

  // How many calls later the dispatch begins, and where.
  let calls = 0;
  let first = 0;
  let slot = 0;
  if (isFlat) {
    calls = element / width;
  } else if (isSpread) {
    const row = Math.floor(element / threads);
    first = element - row * threads;
    slot = row % width;
    calls = (row - slot) / width;
  } else {
    const block = element / Math.min(width, 4);
    first = block % (threads * blocks);
    calls = (block - first) / threads;
  }
  const callLo = (isFlat ? 0 : spec.callLo) + (calls % TWO_32);
  const callHi = (isFlat ? 0 : spec.callHi) + Math.floor(calls / TWO_32) + Math.floor(callLo / TWO_32);

  const turns = Math.ceil((slot * threads + first + residue + n) / (width * threads));
  const columns = isSpread && n > threads ? turns * threads : 0;
  return {
    key: ` ${kind} ${width}`,
    source: [layoutSource, isSpread ? spreadSource : packedSource],
    defines: `const WIDTH = ${width}u;\nconst IS_FLAT = ${isFlat};\nconst IS_WIDE = ${isWide};\n`,
    // Two words are compared with the limit, which leaves 0 where they are below it.
    params: [callLo % TWO_32, callHi % TWO_32, first, slot, residue, isWide ? 1 : spec.threshold],
    more: [spec.threshold, thresholdHi, threads, shift, low, columns],
    isApart: isSpread || width < 4,
    columns,
  };
}
