/** What a function drew, by the state that each generator was in before its first draw: enough to draw the same once more, whatever was drawn since. */
import type { Shape } from "../shape/shape";
import { formatShape, sameShape } from "../shape/shape";
import { type Draw, drawing, withDrawing } from "./drawing";
import type { Generator } from "./generator";

/** A draw that was made. */
interface Drawn {
  readonly op: string;
  readonly generator: Generator;
  readonly shape: Shape;
}

/** Recorded once; then replayed as often as one likes. */
export class Tape {
  readonly #draws: Drawn[] = [];
  readonly #states = new Map<Generator, Uint8Array>();
  /** The shard that was open, which may be closed when the draws are wanted again. */
  readonly #part = drawing.part;

  /** Runs `fn` and keeps what it draws. */
  record<T>(fn: () => T): T {
    const { hear } = drawing;
    const note = (draw: Draw, shape: Shape) => {
      hear?.(draw, shape);
      const { op, generator } = draw;
      if (!this.#states.has(generator)) this.#states.set(generator, generator.getState());
      this.#draws.push({ op, generator, shape });
    };
    return withDrawing({ hear: note }, fn);
  }

  /**
   * Runs `fn`, which draws what the recorded function drew; every generator is then as it was before.
   *
   * @param differs The error for a function that draws other than that.
   */
  replay<T>(fn: () => T, differs: (expected: string, got: string) => Error): T {
    let next = 0;
    const follow = ({ op, generator }: Draw, shape: Shape) => {
      const drawn = this.#draws[next++];
      if (drawn?.op === op && drawn.generator === generator && sameShape(drawn.shape, shape)) return;
      throw differs(drawn === undefined ? `${this.#draws.length} draws` : inWords(drawn), inWords({ op, generator, shape }));
    };
    const now = [...this.#states.keys()].map((generator) => [generator, generator.getState()] as const);
    try {
      for (const [generator, state] of this.#states) generator.setState(state);
      const result = withDrawing({ part: this.#part, hear: follow, isReplay: true }, fn);
      if (next < this.#draws.length) throw differs(`${this.#draws.length} draws`, String(next));
      return result;
    } finally {
      for (const [generator, state] of now) generator.setState(state);
    }
  }
}

// --- internal helpers ---

function inWords({ op, shape }: Drawn): string {
  return `${op} of ${formatShape(shape)}`;
}
