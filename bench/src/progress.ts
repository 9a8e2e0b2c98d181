import cliProgress from "cli-progress";

/** The run on its way, as shares of groups. */
export interface Progress {
  /** `group` of all groups is at `share`; `label` says what it is. */
  at(group: number, share: number, label: string): void;
  done(): void;
}

/** A moving bar where `stream` is a terminal, else a plain line for each group. */
export function createProgress(stream: NodeJS.WriteStream, groups: number): Progress {
  if (stream.isTTY !== true) return plainLines(stream, groups);
  const bar = new cliProgress.SingleBar({
    stream,
    format: "  {bar} {percentage}%  {label}",
    barCompleteChar: "█",
    barIncompleteChar: "░",
    barsize: 30,
    clearOnComplete: true,
    // Measuring keeps the event loop busy, so a handler for Ctrl-C would come late: change no terminal state that needs one.
    hideCursor: false,
    gracefulExit: false,
    linewrap: true,
  });
  bar.start(1000 * groups, 0, { label: "" });
  return {
    at: (group, share, label) => bar.update(Math.round(1000 * (group + share)), { label }),
    done: () => bar.stop(),
  };
}

// --- internal helpers ---

function plainLines(stream: NodeJS.WriteStream, groups: number): Progress {
  let shown = -1;
  return {
    at(group, _share, label) {
      if (group > shown) stream.write(`  ${group + 1} of ${groups}: ${label}\n`);
      shown = group;
    },
    done() {},
  };
}
