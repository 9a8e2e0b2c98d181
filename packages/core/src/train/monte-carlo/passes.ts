/** How the samples are run: many in one pass where every mask has a row for each of theirs, else one by one. */
import { clone } from "../../functional/copies";
import { isParameter } from "../../nn/parameter";
import { type Draw, sampleDim, withDrawing } from "../../random/drawing";
import { rewinding } from "../../random/rewinding";
import { shard } from "../../random/shard";
import type { Shape } from "../../shape/shape";
import type { Tensor } from "../../tensor/tensor";
import { tidy } from "../../tensor/tidy";
import { sharedMasks } from "./shared-masks";
import { stoppingAtDraw } from "./stop-at-draw";

/** What is run, and how often. */
export interface Sampled {
  readonly op: string;
  /** Computes the output from the layers that draw on. */
  readonly forward: (x: Tensor) => Tensor;
  /** What these get. */
  readonly input: Tensor;
  /** Rows of the batch. */
  readonly rows: number;
  readonly samples: number;
  /** Takes outputs in, `[k, ...]`, in the order of the samples, and frees them. */
  readonly take: (outputs: Tensor) => void;
}

/**
 * Runs the samples as one batch of `samples * rows` rows, of which each pass holds `most` samples: its masks are that part of the whole batch's, so that they are the
 * same bits whatever `most` is.
 *
 * @returns False, and no generator has moved, where that cannot be: a mask is shared by rows, lies on a parameter, or is drawn on the host or by another framework's
 *   rule, or the output has no rows.
 */
export function runInPasses({ forward, input, rows, samples, take }: Sampled, most: number): boolean {
  const count = Math.ceil(samples / most);
  return rewinding((states) => {
    for (let index = 0; index < count; index++) {
      const first = index * most;
      const here = Math.min(most, samples - first);
      const part = { index, count, start: first * rows, total: samples * rows, rows: here * rows };
      states.rewind();
      const outputs = tidy(() => {
        const ran = stoppingAtDraw(
          (draw, shape, batchDim) => !hasRows(draw, shape, batchDim, part.rows),
          () => shard(part, () => forward(repeated(input, here))),
        );
        const [size, ...rest] = ran?.value.sizes ?? [];
        return ran === null || !size || size % part.rows > 0 ? null : ran.value.reshape([here, size / here, ...rest]);
      });
      if (outputs === null) {
        states.rewind();
        return false;
      }
      take(outputs);
    }
    return true;
  });
}

/** Runs the samples one after the other, each with the draws that come next, as a loop would. `sameMasks`: all rows of a sample have one mask. */
export function runOneByOne({ op, forward, input, rows, samples, take }: Sampled, sameMasks: boolean): void {
  const part = sameMasks ? { place: sharedMasks(op, rows) } : undefined;
  rewinding(() => {
    for (let i = 0; i < samples; i++) {
      take(tidy(() => withDrawing({ part }, () => forward(clone(input))).unsqueeze(0)));
    }
  });
}

// --- internal helpers ---

/** Whether a mask has as many decisions for each of `rows` rows. */
function hasRows(draw: Draw, shape: Shape, batchDim: number | undefined, rows: number): boolean {
  const dim = sampleDim(draw, shape, batchDim);
  return dim >= 0 && draw.generator.source.stream === undefined && (shape[dim] as number) % rows === 0 && !isParameter(draw.input);
}

/** `x` as often as said, one after the other along dimension 0: a copy. */
function repeated(x: Tensor, times: number): Tensor {
  const [first = 1, ...rest] = x.sizes;
  return clone(x.unsqueeze(0).expand([times, ...x.sizes])).reshape([times * first, ...rest]);
}
