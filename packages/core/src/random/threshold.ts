/**
 * From a drop probability to the integer test `word < threshold` and the factor for what is kept.
 *
 * PyTorch's CUDA kernel turns a word into a float, `u = f32(f32(word) * 2^-32 + 2^-33)`, and keeps the element when `u < f32(1 - p)`.
 * `u` never falls as the word grows, so the words it keeps are those below one number, found here once per p. It is not
 * `(1 - p) * 2^32`: the rounding of the word to float moves it, e.g. to 0x7FFFFFC0 for p = 0.5.
 */

/** Thresholds found so far: a model has few drop probabilities and asks for each at every call. */
const known = /* @__PURE__ */ new Map<number, number>();

/** So that a program that varies p without end does not grow. */
const MAX_KNOWN = 256;

/** The smallest 32-bit word that is dropped with probability `p`; `p` in [0, 1]. Kept are the words below it, compared unsigned. */
export function thresholdOf(p: number): number {
  let threshold = known.get(p);
  if (threshold === undefined) {
    threshold = findThreshold(p);
    if (known.size < MAX_KNOWN) known.set(p, threshold);
  }
  return threshold;
}

/** The factor for elements kept with a drop probability of `p`, `f32(1 / f32(1 - p))`, as PyTorch's kernel computes it. */
export function scaleOf(p: number): number {
  return Math.fround(1 / Math.fround(1 - p));
}

// --- internal helpers ---

function findThreshold(p: number): number {
  const pKeep = Math.fround(1 - p);
  let low = 0;
  let high = 0xffffffff; // f32 rounds it to 2^32, so u is 1, which no p keeps
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const u = Math.fround(Math.fround(middle) * 2 ** -32 + 2 ** -33);
    if (u >= pKeep) high = middle;
    else low = middle + 1;
  }
  return low;
}
