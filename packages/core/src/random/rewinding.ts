/** Draws the same once more: generators go back to where they were before a function drew from them. */
import { drawing, type Heard, withDrawing } from "./drawing";
import type { Generator } from "./generator";

/** The generators that a function has drawn from so far. */
export interface States {
  /** Puts each back to where it was before its first draw. */
  rewind(): void;
  /** Where those are now that drew since the last `rewind`, to compare. */
  ends(): string;
}

/** Runs `fn`, which may rewind what it draws from; where it throws, every generator is as it was before. */
export function rewinding<T>(fn: (states: States) => T): T {
  const begun = new Map<Generator, Uint8Array>();
  let drawn = new Set<Generator>();
  const { hear } = drawing;
  const listen: Heard = (draw, shape, batchDim) => {
    hear?.(draw, shape, batchDim);
    const { generator } = draw;
    drawn.add(generator);
    // Two may share a source for a while; the first of them knows its state.
    const isKnown = begun.has(generator) || [...begun.keys()].some(({ source }) => source === generator.source);
    if (!isKnown) begun.set(generator, generator.getState());
  };
  const rewind = () => {
    for (const [generator, state] of begun) generator.setState(state);
    drawn = new Set();
  };
  const ends = () => [...drawn].map((generator) => generator.getState().join()).join(";");
  try {
    return withDrawing({ hear: listen }, () => fn({ rewind, ends }));
  } catch (error) {
    rewind();
    throw error;
  }
}
