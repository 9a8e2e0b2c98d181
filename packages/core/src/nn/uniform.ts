import type { Backend } from "../backend/backend";
import { deviceOf } from "../cpu/device-of";
import { attempt, drawSymmetric } from "../random/draws";
import { type Generator, resolveGenerator } from "../random/generator";
import { checkShape, type Shape, sizeOf } from "../shape/shape";
import { getDefaultBackend } from "../tensor/creation";
import { Tensor } from "../tensor/tensor";
import { layoutFrom } from "../tensor/transfer";
import { Parameter } from "./parameter";

/**
 * The parameters of a new layer: uniform in [-bound, bound), float32, one host call of the generator each, in order. All of them, or none: when
 * memory runs out on the way, those made are freed and the calls given back.
 */
export function uniformParameters(
  op: string,
  shapes: readonly Shape[],
  bound: number,
  { backend = getDefaultBackend(), generator: given }: { readonly backend?: Backend; readonly generator?: Generator },
): Parameter[] {
  const device = deviceOf(backend, op);
  const generator = resolveGenerator(op, given);
  const sizes = shapes.map((shape) => checkShape(op, shape));
  const made: Parameter[] = [];
  return attempt(generator, () => {
    try {
      for (const shape of sizes) {
        const value = new Tensor(layoutFrom(device, "float32", shape, () => drawSymmetric(generator, sizeOf(shape), bound)));
        made.push(new Parameter(value));
        value.dispose(); // the parameter holds the memory now
      }
      return made;
    } catch (error) {
      for (const parameter of made) parameter.dispose();
      throw error;
    }
  });
}
