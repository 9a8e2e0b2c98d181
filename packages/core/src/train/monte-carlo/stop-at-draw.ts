import { type Draw, drawing, type Heard, withDrawing } from "../../random/drawing";
import type { Shape } from "../../shape/shape";

/**
 * Runs `fn` up to the first draw of which `stops` is true; that one is not made.
 *
 * @returns What `fn` returned, in an object; null where it was stopped.
 */
export function stoppingAtDraw<T>(stops: (draw: Draw, shape: Shape, batchDim?: number) => boolean, fn: () => T): { value: T } | null {
  const { hear } = drawing;
  let isStopped = false;
  const listen: Heard = (draw, shape, batchDim) => {
    isStopped ||= stops(draw, shape, batchDim);
    if (isStopped) throw new Error("stopped before a draw"); // for the catch below
    hear?.(draw, shape, batchDim);
  };
  try {
    const value = withDrawing({ hear: listen }, fn);
    // A model may catch errors, and go on.
    return isStopped ? null : { value };
  } catch (error) {
    if (isStopped) return null;
    throw error;
  }
}
