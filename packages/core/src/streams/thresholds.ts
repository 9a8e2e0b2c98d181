/** The words that another framework keeps, as ranges: each of its tests turns a word into a float that never falls as the word grows. */

/** curand's uniform of a word, in (0, 1]. */
export function uniformOf(word: number): number {
  return Math.fround(Math.fround(word) * 2 ** -32 + 2 ** -33);
}

/** The smallest whole number from 0 to below `end` of which a rising test is true; `end` where none is. Numbers may have 53 bits. */
export function firstWhere(end: number, test: (word: number) => boolean): number {
  let [low, high] = [0, end];
  while (low < high) {
    const middle = low + Math.floor((high - low) / 2);
    if (test(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}
