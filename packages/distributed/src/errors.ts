/** The named errors of this package. Tell them apart by `name`: it may be loaded twice in one process, as an ES module and as CommonJS. */

/** No group can be had here: there is no compiled addon for this platform, or no MPI. `tried` says what was looked for, in order. */
export class MpiUnavailableError extends Error {
  /** To tell it by, also between two copies of this package. */
  override readonly name = "MpiUnavailableError";
  /** @param detail The rest of the message: what was expected, what came, what to do. */
  constructor(
    detail: string,
    /** What was looked for, in order. */
    readonly tried: readonly string[] = [],
  ) {
    super([`distributed: ${detail}`, ...tried].join("\n  - "));
  }
}
