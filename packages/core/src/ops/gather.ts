import type { Primitive } from "../autograd/node";
import { run } from "../autograd/run";
import { composed } from "../autograd/scope";
import type { Backend } from "../backend/backend";
import type { Device } from "../backend/storage";
import { referenceGather, referenceScatterAdd } from "../cpu/gather";
import { ShapeError } from "../errors/errors";
import { refusal } from "../errors/refusal";
import { formatShape, normalizeDim, type Shape, sizeOf } from "../shape/shape";
import type { Tensor } from "../tensor/tensor";
import { checkTensor } from "./binary";
import { computedLayout, contiguous } from "./layout";

/** Inputs: x and an index, both [outer, along or count, inner]. */
const gatherPrimitive: Primitive<null> = {
  name: "gather",
  reads: [0, 1],
  forward(inputs) {
    const [x, index] = inputs as [Tensor, Tensor];
    const { device } = x.storage;
    return computedLayout(device, x.dtype, index.sizes, (out) => gatherKernel(device)?.(x.layout, index.layout, out));
  },
  backward: (node, grad) => [run(scatterPrimitive, [contiguous(grad), node.input(1)], node.shapes[0] as Shape), null],
};

/** Zeros of a shape with x added at the index. Inputs: x and the index. The opposite of gather, each the gradient of the other. */
const scatterPrimitive: Primitive<Shape> = {
  name: "scatterAdd",
  reads: [0, 1],
  forward(inputs, shape) {
    const [x, index] = inputs as [Tensor, Tensor];
    const { device } = x.storage;
    return computedLayout(device, x.dtype, shape, (out, kernels) => {
      kernels.fill(out, 0);
      scatterKernel(device)?.(index.layout, x.layout, out);
    });
  },
  backward: (node, grad) => [run(gatherPrimitive, [contiguous(grad), node.input(1)], null), null],
};

/**
 * Picks along `dim` by an int32 index of the same rank, whose other sizes equal x's: `out[i][j] = x[index[i][j]][j]` for dim 0.
 */
export function gather(input: Tensor, dim: number, places: Tensor): Tensor {
  const x = checkTensor("gather", input);
  const index = checkTensor("gather", places, "the index");
  const at = normalizeDim("gather", dim, x.sizes.length);
  const fits =
    index.sizes.length === x.sizes.length && x.sizes.length > 0 && index.sizes.every((size, i) => i === at || size === x.sizes[i]);
  if (!fits) {
    throw new ShapeError(
      "gather",
      [x.sizes, index.sizes],
      `expected an index of x's shape but for dim ${at}, got ${formatShape(index.sizes)} for ${formatShape(x.sizes)}`,
    );
  }
  if (index.dtype !== "int32") throw refusal("gather", "an int32 index", index.dtype, 'convert it with index.type("int32")');
  const outer = sizeOf(x.sizes.slice(0, at));
  const inner = sizeOf(x.sizes.slice(at + 1));
  const flat = (t: Tensor) => t.reshape([outer, t.sizes[at] as number, inner]);
  return composed(() => run(gatherPrimitive, [contiguous(flat(x)), flat(index)], null).reshape(index.sizes));
}

/** What lies along `dim`, counted from the front, at the places that a 1-dimensional int32 index names. */
export function indexAlong(x: Tensor, dim: number, index: Tensor): Tensor {
  const [before, after] = [x.sizes.slice(0, dim), x.sizes.slice(dim + 1)];
  const [outer, inner] = [sizeOf(before), sizeOf(after)];
  const [along, count] = [x.sizes[dim] as number, index.sizes[0] as number];
  // One index for each place along `dim`, repeated over the others without being written out.
  const spread = index.reshape([1, count, 1]).expand([outer, count, inner]);
  return run(gatherPrimitive, [contiguous(x.reshape([outer, along, inner])), spread], null).reshape([...before, count, ...after]);
}

/** The columns of a matrix at the places that a 1-dimensional int32 index names. */
export function pickColumns(x: Tensor, index: Tensor): Tensor {
  const [rows, size] = x.sizes as [number, number];
  return run(gatherPrimitive, [contiguous(x).reshape([rows, size, 1]), forEachRow(index, rows)], null).reshape([rows, index.size]);
}

/** The opposite: a matrix of `size` columns with those of x added at the places that the index names, and zeros elsewhere. */
export function addColumns(x: Tensor, index: Tensor, size: number): Tensor {
  const [rows, count] = x.sizes as [number, number];
  const shape = [rows, size, 1];
  return run(scatterPrimitive, [contiguous(x).reshape([rows, count, 1]), forEachRow(index, rows)], shape).reshape([rows, size]);
}

// --- internal helpers ---

/** One index for every row, repeated without being written out. */
function forEachRow(index: Tensor, rows: number): Tensor {
  return index.reshape([1, index.size, 1]).expand([rows, index.size, 1]);
}

/** The backend's kernel, or the reference one on its memory; a device without memory to look at has its own. */
export function gatherKernel({ kernels, view }: Device): Backend["gather"] {
  return kernels.gather ?? (view && referenceGather(view));
}

export function scatterKernel({ kernels, view }: Device): Backend["scatterAdd"] {
  return kernels.scatterAdd ?? (view && referenceScatterAdd(view));
}
