/**
 * What sharing calls with workers gained of late, less what it lost. Where calls lose more than they gained, it is made up for: the next ones are
 * computed alone, until what was lost is a small part of the time. All times are in milliseconds.
 */
export class Balance {
  #balance = 0;
  /** Work still to be computed without the workers. */
  #alone = 0;

  /** Whether a call that takes about `ms` may be shared; if not, it counts as computed alone. */
  allows(ms: number): boolean {
    if (this.#alone <= 0) return true;
    this.#alone -= ms;
    return false;
  }

  /** Takes note of what a call gained by being shared, or lost. */
  settle(gained: number): void {
    this.#balance = Math.min(this.#balance + gained, MOST);
    if (this.#balance >= 0) return;
    this.#alone = ALONE_PER_LOSS * Math.min(-this.#balance, MOST);
    this.#balance = 0;
  }
}

// --- internal helpers ---

/** Work to be computed alone for what a shared call lost: all losses together then stay below a twentieth of the time. */
const ALONE_PER_LOSS = 20;

/**
 * The most that a loss counts for, some time slices of a busy processor: a page that was in the background for a minute learns nothing from it. And the
 * most that is put by from calls that gained, so that one bad moment changes nothing, and a processor that became busy is noticed at once.
 */
const MOST = 20;
