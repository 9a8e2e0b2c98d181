/** Where the words of a mask lie that another framework's threads share between them: the definition of `MaskLayout`, which kernels are held to. */
import type { DropoutSpec, MaskLayout } from "../backend/backend";
import { philox4x32 } from "../random/philox";

/**
 * A layout of masks with its definition as a function, which every kernel is held to.
 *
 * @param fields Its kind and width, and what else differs from 1 thread and 0.
 * @returns The layout, for `DropoutSpec.layout`.
 */
export function layoutOf(fields: Partial<Omit<MaskLayout, "keeps">> & Pick<MaskLayout, "kind" | "width">): MaskLayout {
  const layout = { threads: 1, shift: 0, low: 0, thresholdHi: 0, ...fields };
  return { ...layout, keeps: (spec) => keeping(layout, spec) };
}

// --- internal helpers ---

function keeping(layout: Omit<MaskLayout, "keeps">, { seedLo, seedHi, callLo, callHi, threshold }: DropoutSpec) {
  const { kind, width, threads, shift, low, thresholdHi } = layout;
  const call = callLo + callHi * 2 ** 32; // exact: below 2^53 for as long as anybody draws
  const words = new Uint32Array(4);
  let [drawnBlock, drawnThread] = [-1, -1];
  /** The block that was drawn last is drawn once. */
  const wordsAt = (block: number, thread: number) => {
    if (drawnBlock !== block || drawnThread !== thread) {
      philox4x32(seedLo, seedHi, block >>> 0, Math.floor(block / 2 ** 32), thread, 0, words);
      drawnBlock = block;
      drawnThread = thread;
    }
    return words;
  };
  const isBelow = (word: number | undefined) => (((word as number) << shift) - low) >>> 0 < threshold;
  const perPass = width * threads;

  const packed = (passes: number, rest: number) => {
    const thread = Math.floor(rest / width);
    const slot = rest - thread * width;
    return isBelow(wordsAt(call + passes * Math.max(1, width / 4) + (slot >> 2), thread)[slot & 3]);
  };
  const spread = (passes: number, rest: number) => {
    const slot = Math.floor(rest / threads);
    wordsAt(call + passes, rest - slot * threads);
    if (kind === "spread") return isBelow(words[slot]);
    const [x, y] = [words[2 * slot] as number, words[2 * slot + 1] as number];
    const high = y >>> 11;
    return high < thresholdHi || (high === thresholdHi && (x ^ (y << 21)) >>> 0 < threshold);
  };
  return (element: number): boolean => {
    if (kind === "flat") {
      const block = Math.floor(element / width);
      return isBelow(wordsAt(block, 0)[element - block * width]);
    }
    const passes = Math.floor(element / perPass);
    return (kind === "packed" ? packed : spread)(passes, element - passes * perPass);
  };
}
