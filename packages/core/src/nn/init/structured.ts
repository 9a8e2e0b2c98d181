import { checkFloating } from "../../dtype/dtype";
import { ShapeError } from "../../errors/errors";
import { checkInteger, optionsOf } from "../../errors/options";
import { wrongType, wrongValue } from "../../errors/refusal";
import { drawPermutation, drawRandn } from "../../random/draws";
import type { FloatType } from "../../random/source";
import { contiguousStrides, formatShape, sizeOf } from "../../shape/shape";
import type { Tensor } from "../../tensor/tensor";
import { checkTarget, drawInto, drawOptions, type InitOptions, writeValues } from "./fill";

/** Options of `orthogonal`. */
export interface OrthogonalOptions extends InitOptions {
  /** A factor, such as `calculateGain("relu")`. Default: 1. */
  readonly gain?: number;
}

/** Options of `sparse`. */
export interface SparseOptions extends InitOptions {
  /** The standard deviation of what is not 0. Default: 0.01. */
  readonly std?: number;
}

/**
 * The identity matrix: ones where row and column are the same. Mirrors [torch.nn.init.eye_](https://docs.pytorch.org/docs/stable/nn.init.html#torch.nn.init.eye_).
 *
 * @param tensor Written over; two dimensions, any dtype.
 * @returns The tensor.
 * @throws ShapeError for another rank, InPlaceError for an expanded tensor.
 */
export function eye(tensor: Tensor): Tensor {
  const x = checkTarget("eye", tensor);
  const [rows, columns] = checkMatrix("eye", x);
  const values = new Float64Array(rows * columns);
  for (let i = 0; i < Math.min(rows, columns); i++) values[i * columns + i] = 1;
  return writeValues("eye", x, values);
}

/**
 * The weight of a convolution that passes its channels on: 1 in the middle of each kernel between channels of one number. Mirrors
 * [torch.nn.init.dirac_](https://docs.pytorch.org/docs/stable/nn.init.html#torch.nn.init.dirac_).
 *
 * @param tensor Written over; three to five dimensions, any dtype.
 * @param options `groups`: how many groups of channels each pass their own on; default 1.
 * @returns The tensor.
 * @throws ShapeError for another rank or outputs that the groups cannot share, RangeError for groups that are no positive integer.
 */
export function dirac(tensor: Tensor, options?: { groups?: number }): Tensor {
  const { groups = 1 } = optionsOf<{ groups?: number }>("dirac", options, { groups: "any" });
  const x = checkTarget("dirac", tensor);
  checkInteger("dirac", "groups", groups, 1);
  const [outputs, inputs, ...kernel] = x.sizes as [number, number, ...number[]];
  if (x.sizes.length < 3 || x.sizes.length > 5 || outputs % groups !== 0) {
    const detail = `expected three to five dimensions and outputs that ${groups} groups can share, got ${formatShape(x.sizes)}`;
    throw new ShapeError("dirac", [x.sizes], detail);
  }
  const values = new Float64Array(x.size);
  const strides = contiguousStrides(x.sizes) as [number, number, ...number[]];
  const middle = kernel.reduce((sum, size, i) => sum + Math.floor(size / 2) * (strides[i + 2] as number), 0);
  const inGroup = outputs / groups;
  for (let output = 0; output < outputs; output++) {
    const input = output % inGroup;
    if (input < inputs && x.size > 0) values[output * strides[0] + input * strides[1] + middle] = 1;
  }
  return writeValues("dirac", x, values);
}

/**
 * A matrix whose rows (or columns, if there are more rows) are at right angles and of length `gain`, by Saxe et al. ([2013](https://arxiv.org/abs/1312.6120)).
 * Mirrors [torch.nn.init.orthogonal_](https://docs.pytorch.org/docs/stable/nn.init.html#torch.nn.init.orthogonal_).
 *
 * @param tensor As for `uniform`, of two dimensions or more; those after the first count as one.
 * @param options `gain`: default 1.
 * @returns The tensor.
 * @throws ShapeError for fewer dimensions; else as `uniform`.
 */
export function orthogonal(tensor: Tensor, options?: OrthogonalOptions): Tensor {
  const { gain = 1, generator } = drawOptions("orthogonal", options, { gain: "number" });
  const x = checkTarget("orthogonal", tensor);
  if (x.sizes.length < 2) {
    throw new ShapeError("orthogonal", [x.sizes], `expected two dimensions or more, got ${formatShape(x.sizes)}`);
  }
  if (!Number.isFinite(gain)) throw wrongValue("orthogonal", "gain to be finite", gain);
  const [rows, columns] = [x.sizes[0] as number, sizeOf(x.sizes.slice(1))];
  return drawInto("orthogonal", x, generator, (from) => {
    const values = drawRandn(from, rows * columns, x.dtype as FloatType);
    // The vectors are the rows of a wide matrix, and the columns of a tall one.
    if (rows < columns) makeOrthonormal(values, rows, columns, columns, 1);
    else makeOrthonormal(values, columns, rows, 1, columns);
    return values.map((value) => gain * value);
  });
}

/**
 * Normal numbers, of which a share in each column is 0, by Martens (2010). Mirrors
 * [torch.nn.init.sparse_](https://docs.pytorch.org/docs/stable/nn.init.html#torch.nn.init.sparse_).
 *
 * @param tensor As for `uniform`, of two dimensions.
 * @param sparsity The share of zeros in each column, in [0, 1]; rounded up to whole elements.
 * @param options `std`: default 0.01.
 * @returns The tensor.
 * @throws ShapeError for another rank, RangeError for a share outside [0, 1] or a `std` below 0; else as `uniform`.
 */
export function sparse(tensor: Tensor, sparsity: number, options?: SparseOptions): Tensor {
  const { std = 0.01, generator } = drawOptions("sparse", options, { std: "number" });
  const x = checkTarget("sparse", tensor);
  if (typeof sparsity !== "number") throw wrongType("sparse", "sparsity to be a number", sparsity);
  if (!(sparsity >= 0 && sparsity <= 1)) throw wrongValue("sparse", "sparsity in [0, 1]", sparsity);
  if (!(std >= 0 && std < Number.POSITIVE_INFINITY)) throw wrongValue("sparse", "a finite std of 0 or more", std);
  const [rows, columns] = checkMatrix("sparse", x);
  checkFloating("sparse", x.dtype);
  const zeros = Math.ceil(sparsity * rows);
  return drawInto("sparse", x, generator, (from) => {
    // One call gives the values and, behind them, a rank for each: in a column, those of the lowest ranks are 0. Other streams draw an order for each column.
    const drawn = drawRandn(from, from.source.stream ? x.size : 2 * x.size, x.dtype as FloatType);
    const values = drawn.slice(0, x.size).map((z) => std * z);
    const rank = (row: number, column: number) => drawn[x.size + row * columns + column] as number;
    for (let column = 0; column < columns; column++) {
      const order = from.source.stream
        ? drawPermutation(from, rows)
        : Int32Array.from({ length: rows }, (_, row) => row).sort((a, b) => rank(a, column) - rank(b, column));
      for (const row of order.subarray(0, zeros)) values[row * columns + column] = 0;
    }
    return values;
  });
}

// --- internal helpers ---

function checkMatrix(op: string, x: Tensor): [rows: number, columns: number] {
  const [rows, columns] = x.sizes;
  if (x.sizes.length !== 2) throw new ShapeError(op, [x.sizes], `expected two dimensions, got ${formatShape(x.sizes)}`);
  return [rows as number, columns as number];
}

/**
 * Makes `count` vectors orthonormal, one after the other (Gram-Schmidt, twice, since once leaves what rounding left). Vector j begins at `j * next` and goes
 * in steps of `step`. Each keeps its direction, as in the QR decomposition whose R has a positive diagonal.
 */
function makeOrthonormal(values: Float64Array, count: number, length: number, next: number, step: number): void {
  const at = (j: number, i: number) => j * next + i * step;
  const dot = (a: number, b: number) => {
    let sum = 0;
    for (let i = 0; i < length; i++) sum += (values[at(a, i)] as number) * (values[at(b, i)] as number);
    return sum;
  };
  for (let j = 0; j < count; j++) {
    for (let pass = 0; pass < 2; pass++) {
      for (let k = 0; k < j; k++) {
        const along = dot(j, k);
        for (let i = 0; i < length; i++) values[at(j, i)] = (values[at(j, i)] as number) - along * (values[at(k, i)] as number);
      }
    }
    const norm = Math.sqrt(dot(j, j));
    for (let i = 0; i < length; i++) values[at(j, i)] = (values[at(j, i)] as number) / norm;
  }
}
