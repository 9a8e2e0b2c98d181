import { composed } from "../autograd/scope";
import { ShapeError } from "../errors/errors";
import { checkInteger, optionsOf } from "../errors/options";
import { checkTensor } from "../ops/binary";
import { formatShape } from "../shape/shape";
import type { Tensor } from "../tensor/tensor";
import { places } from "./host-tensor";

/** Options of `tril` and `triu`. */
export interface TriangleOptions {
  /** Which diagonal is the last one kept: 0 the main one, above it positive. Default: 0. */
  readonly diagonal?: number;
}

/**
 * The lower triangle of each matrix, zeros above it. Mirrors [torch.tril](https://docs.pytorch.org/docs/stable/generated/torch.tril.html).
 *
 * @param input `[..., rows, columns]`, any dtype.
 * @param options `diagonal`: default 0.
 * @throws ShapeError for fewer than two dimensions, RangeError for a diagonal that is no integer.
 * @example
 * ```ts
 * console.log(F.tril(ones([2, 2])).dataSync().join(" ")); // 1 0 1 1
 * ```
 */
export function tril(input: Tensor, options?: TriangleOptions): Tensor {
  return triangle("tril", input, options);
}

/**
 * The upper triangle of each matrix, zeros below it. Mirrors [torch.triu](https://docs.pytorch.org/docs/stable/generated/torch.triu.html).
 *
 * @param input As for `tril`, and so are options and errors.
 */
export function triu(input: Tensor, options?: TriangleOptions): Tensor {
  return triangle("triu", input, options);
}

// --- internal helpers ---

function triangle(op: "tril" | "triu", input: Tensor, options: TriangleOptions | undefined): Tensor {
  const { diagonal = 0 } = optionsOf<TriangleOptions>(op, options, { diagonal: "any" });
  checkInteger(op, "diagonal", diagonal);
  const x = checkTensor(op, input);
  if (x.sizes.length < 2) throw new ShapeError(op, [x.sizes], `expected at least two dimensions, got ${formatShape(x.sizes)}`);
  const [rows, columns] = x.sizes.slice(-2) as [number, number];
  return composed(() => {
    const last = places(x, [rows, 1], rows, diagonal);
    const column = places(x, [1, columns], columns);
    // A number beside bool would make int32 of it.
    return x.where(op === "tril" ? column.le(last) : column.ge(last), 0).type(x.dtype);
  });
}
