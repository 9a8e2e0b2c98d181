import { warnOnce } from "../functional/warn";

/** Steps and milliseconds of a window: the garbage collector has had its chance in one. */
const STEPS = 100;
const MS = 1000;

/** So many windows one after another must each end with more than the last began with. */
const WINDOWS = 5;

/** What is looked at: a device. */
interface Counted {
  readonly liveTensors: number;
  readonly label: string;
}

/**
 * Notices a training loop that holds on to what each step makes: losses in an array, sums of them with their graphs. What is only forgotten, without `tidy`,
 * the garbage collector takes; so the fewest tensors of a window stay as many, however many there are at its end.
 */
export class Growth {
  #steps = 0;
  #since = 0;
  #fewest = Number.POSITIVE_INFINITY;
  #before = Number.POSITIVE_INFINITY;
  #windows = 0;

  /** Told of each step; warns once. */
  step({ liveTensors, label }: Counted): void {
    this.#fewest = Math.min(this.#fewest, liveTensors);
    this.#steps++;
    if (this.#steps < STEPS) return;
    const now = performance.now();
    if (now - this.#since < MS) return;
    this.#windows = this.#fewest >= this.#before + STEPS ? this.#windows + 1 : 0;
    this.#before = this.#fewest;
    this.#fewest = Number.POSITIVE_INFINITY;
    this.#steps = 0;
    this.#since = now;
    if (this.#windows < WINDOWS) return;
    warnOnce(
      `step: expected as many tensors after each step, got more and more on ${label} - wrap the step in tidy(() => { ... }), and keep numbers (await loss.item()), not tensors`,
    );
  }
}
