import { ShapeError, UnsupportedOpError } from "../../errors/errors";
import { type Asked, sampleDim } from "../../random/drawing";
import { contiguousStrides, formatShape } from "../../shape/shape";

/** Says of each mask that all `rows` rows of the batch have that of one row: its steps along the batch are 0. */
export function sharedMasks(op: string, rows: number): Asked {
  return (draw, shape, batchDim) => {
    const { input, generator, elementOffset = 0 } = draw;
    const dim = sampleDim(draw, shape, batchDim);
    if (input === undefined || dim < 0) return undefined; // shared already
    if (shape[dim] !== rows) {
      const detail = `expected a mask of ${rows} rows in dimension ${dim} for sameMasks, got ${formatShape(shape)} - put the batch first, or leave sameMasks out`;
      throw new ShapeError(op, [shape], detail);
    }
    const { name, info } = input.backend;
    if (generator.source.stream !== undefined || info.contract !== 2) {
      const expected = generator.source.stream === undefined ? "a backend of contract 2, got 1" : "Dropwise's own stream, got another";
      throw new UnsupportedOpError(op, name, `expected ${expected} - leave sameMasks out`);
    }
    const whole = shape.map((size, i) => (i === dim ? 1 : size));
    const strides = contiguousStrides(whole).map((stride, i) => (i === dim ? 0 : stride));
    return { elementOffset, whole, strides };
  };
}
