/** The named errors. Tell them apart by `name`: two copies of this package may be loaded in one process. */

/** No library of MPI where one is needed, or one that this process's launcher does not work with. */
export class MpiUnavailableError extends Error {
  /** To tell it by. */
  override readonly name = "MpiUnavailableError";
  /** @param detail The message: what was expected, what came, what to do. */
  constructor(
    detail: string,
    /** What was looked for, in order. */
    readonly tried: readonly string[] = [],
  ) {
    super([`connect: ${detail}`, ...tried].join("\n  - "));
  }
}

/** Other processes did not come, or went silent, for longer than a group waits. The group is over: end this process, and the launcher ends the others. */
export class PeerTimeoutError extends Error {
  /** To tell it by. */
  override readonly name = "PeerTimeoutError";
  constructor(
    /** The call that waited. */
    readonly op: string,
    /** For how long, in seconds. */
    readonly seconds: number,
  ) {
    super(
      `${op}: expected all processes of the group within ${seconds} s, got no answer of some - see whether one has ended or hangs; where they are only slow, give connect() a longer ${op === "connect" ? "joinTimeout" : "timeout"}`,
    );
  }
}

/** A group that cannot go on, or whose processes do not do the same. */
export class GroupError extends Error {
  /** To tell it by. */
  override readonly name = "GroupError";
  /** @param detail The rest of the message: what was expected, what came, what to do. */
  constructor(
    /** The call that failed. */
    readonly op: string,
    detail: string,
  ) {
    super(`${op}: ${detail}`);
  }
}
