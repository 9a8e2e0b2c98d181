import { noGrad } from "../../autograd/grad-mode";
import { refusal, wrongValue } from "../../errors/refusal";
import type { Tensor } from "../../tensor/tensor";
import { keep, tidy } from "../../tensor/tidy";
import type { Added } from "./metric";

/** The largest int32. */
const MAX = 2 ** 31 - 1;

/** Sums on one device. */
interface Part {
  sums: Tensor;
  /** None of them is larger, as far as the host knows without looking. */
  most: number;
}

/**
 * Counts that stay on the device and are exact: int32, and before one could overflow new ones are begun, which the host adds when it reads. So are they
 * for a batch on another backend.
 */
export class Counts {
  #parts: Part[] = [];

  /** Adds what a batch has; nothing where that fails. */
  add(op: string, { most, counts }: Added): void {
    if (most > MAX) throw wrongValue(op, "batches whose counts fit int32", most, "pass it in parts");
    noGrad(() =>
      tidy(() => {
        const added = counts();
        const part = this.#parts.find(({ sums, most: before }) => sums.backend === added.backend && before + most <= MAX);
        if (part === undefined) {
          this.#parts.push({ sums: keep(added), most });
          return;
        }
        const before = part.sums;
        part.sums = keep(before.add(added));
        part.most += most;
        before.dispose();
      }),
    );
  }

  /** All counts. Waits for the device. @throws TypeError where nothing was added. */
  async read(op: string): Promise<number[]> {
    const [first, ...rest] = await Promise.all(this.#parts.map(({ sums }) => sums.data()));
    if (first === undefined) throw noBatches(op);
    return Array.from(first, (count, i) => rest.reduce((sum, more) => sum + (more[i] as number), count));
  }

  reset(): void {
    for (const { sums } of this.#parts) sums.dispose();
    this.#parts = [];
  }
}

/** For a metric that is asked for its value too early. */
export function noBatches(op: string): TypeError {
  return refusal(op, "a batch before compute()", "none", "call update(output, target) first");
}
