/** What a function drew, by the state that each generator was in before its first draw: enough to draw the same once more, whatever was drawn since. */
import type { Shape } from "../shape/shape";
import { formatShape, sameShape } from "../shape/shape";
import { type Draw, drawing, type Heard, withDrawing } from "./drawing";
import type { Generator } from "./generator";

/** A draw that was made. */
interface Drawn {
  readonly op: string;
  /** The number of its generator, in the order of their first draws. */
  readonly source: number;
  readonly shape: Shape;
}

/** Recorded once; then replayed as often as one likes. */
export class Tape {
  readonly #draws: Drawn[] = [];
  /** Each generator, and its state before its first draw. */
  readonly #states = new Map<Generator, Uint8Array>();
  /** The shard that was open, which may be closed when the draws are wanted again. */
  readonly #part = drawing.part;

  /** Runs `fn` and keeps what it draws. */
  record<T>(fn: () => T): T {
    const { hear } = drawing;
    const sources = new Map<Generator, number>();
    const note: Heard = (draw, shape, batchDim) => {
      hear?.(draw, shape, batchDim);
      const { op, generator } = draw;
      if (!sources.has(generator)) this.#states.set(generator, generator.getState());
      this.#draws.push({ op, source: numberOf(generator, sources), shape });
    };
    return withDrawing({ hear: note }, fn);
  }

  /**
   * Runs `fn`, which draws what the recorded function drew; every generator is then as it was before.
   *
   * @param differs The error for a function that draws other than that.
   */
  replay<T>(fn: () => T, differs: (expected: string, got: string) => Error): T {
    const recorded = [...this.#states];
    const sources = new Map<Generator, number>();
    let next = 0;
    const follow = ({ op, generator }: Draw, shape: Shape) => {
      const isNew = !sources.has(generator);
      const source = numberOf(generator, sources);
      const drawn = this.#draws[next++];
      if (drawn === undefined) throw differs(`${this.#draws.length} draws`, inWords(op, shape));
      if (drawn.op !== op || !sameShape(drawn.shape, shape)) throw differs(inWords(drawn.op, drawn.shape), inWords(op, shape));
      const [own, state] = recorded[drawn.source] as [Generator, Uint8Array];
      // A generator that the function makes is another each time, in the same state.
      const isSame = source === drawn.source && (!isNew || generator === own || generator.getState().join() === state.join());
      if (!isSame) throw differs(inWords(op, shape), "the same from another generator");
    };
    const now = recorded.map(([generator]) => [generator, generator.getState()] as const);
    try {
      for (const [generator, state] of recorded) generator.setState(state);
      const result = withDrawing({ part: this.#part, hear: follow, isReplay: true }, fn);
      if (next < this.#draws.length) throw differs(`${this.#draws.length} draws`, String(next));
      return result;
    } finally {
      for (const [generator, state] of now) generator.setState(state);
    }
  }
}

// --- internal helpers ---

function numberOf(generator: Generator, sources: Map<Generator, number>): number {
  const number = sources.get(generator) ?? sources.size;
  sources.set(generator, number);
  return number;
}

function inWords(op: string, shape: Shape): string {
  return `${op} of ${formatShape(shape)}`;
}
