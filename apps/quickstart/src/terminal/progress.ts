import cliProgress from "cli-progress";
import type { Io } from "./io";

/** One long piece of work on its way, counted in epochs. */
export interface Progress {
  /** Reports that one more epoch is done. */
  advance(): void;
  done(): void;
}

/** What a bar needs to know. `line` writes a plain line where there is no terminal. */
export interface ProgressOptions {
  readonly label: string;
  readonly total: number;
  readonly quiet: boolean;
  line(text: string): void;
}

/** A moving bar on stderr if that is a terminal, else a plain line at every quarter. */
export function createProgress(io: Io, { label, total, quiet, line }: ProgressOptions): Progress {
  return io.stderr.isTTY === true ? movingBar(io, label, total) : plainLines(label, total, quiet ? () => {} : line);
}

// --- internal helpers ---

function movingBar(io: Io, label: string, total: number): Progress {
  const bar = new cliProgress.SingleBar({
    stream: io.stderr as NodeJS.WriteStream,
    format: `  ${label} {bar} {value}/{total} epochs, {eta_formatted} left`,
    barCompleteChar: "█",
    barIncompleteChar: "░",
    barsize: 30,
    clearOnComplete: true,
    // Training keeps the event loop busy, so a handler for Ctrl-C would come late: change no terminal state that needs one.
    hideCursor: false,
    linewrap: true,
    gracefulExit: false,
  });
  bar.start(total, 0);
  return { advance: () => bar.increment(), done: () => bar.stop() };
}

function plainLines(label: string, total: number, line: (text: string) => void): Progress {
  let value = 0;
  let quarter = 0;
  return {
    advance() {
      value++;
      const reached = Math.min(4, Math.floor((4 * value) / total));
      if (reached > quarter) line(`${label}: ${value} of ${total} epochs`);
      quarter = Math.max(quarter, reached);
    },
    done() {},
  };
}
