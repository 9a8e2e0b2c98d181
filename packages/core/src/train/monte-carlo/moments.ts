import type { Tensor } from "../../tensor/tensor";
import { tidy } from "../../tensor/tidy";

/**
 * Mean and variance of tensors that come some at a time: `[k, ...]`. What each batch has is computed by itself and merged (Chan et al., 1979), so that nothing is lost
 * where the mean is large against the spread, and memory does not grow.
 */
export class Moments {
  #count = 0;
  #mean: Tensor | null = null;
  /** The sum of squares about the mean. */
  #squares: Tensor | null = null;

  add(values: Tensor): void {
    const [before, squaresBefore, n] = [this.#mean, this.#squares, this.#count];
    const k = values.sizes[0] as number;
    [this.#mean, this.#squares] = tidy((): [Tensor, Tensor] => {
      // From the first on: what is equal in all of them has exactly that mean, and no variance.
      const first = values.slice(0, 0, 1);
      const apart = values.sub(first);
      const middle = apart.mean({ dim: 0 });
      const mean = first.squeeze(0).add(middle);
      const squares = apart.sub(middle).pow(2).sum({ dim: 0 });
      if (before === null || squaresBefore === null) return [mean, squares];
      const delta = mean.sub(before);
      const between = delta.pow(2).mul((n * k) / (n + k));
      return [before.add(delta.mul(k / (n + k))), squaresBefore.add(squares).add(between)];
    });
    this.#count = n + k;
    before?.dispose();
    squaresBefore?.dispose();
  }

  /** The mean of all, and their variance, which divides by their number. */
  read(): { mean: Tensor; variance: Tensor } {
    return { mean: this.#mean as Tensor, variance: (this.#squares as Tensor).div(this.#count) };
  }
}
