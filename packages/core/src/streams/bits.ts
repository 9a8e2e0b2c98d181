/** Masks that the host draws, kept as one bit for each element, and laid over data by kernels that every backend has. */
import type { Layout } from "../autograd/node";
import type { Backend } from "../backend/backend";
import { createTypedArray, hostArray, type TypedArray } from "../dtype/dtype";
import type { Affine, MaskKey } from "../random/mask-key";
import type { MaskRequest } from "../random/source";
import type { CallKey } from "../random/words";
import { broadcastStrides, contiguousStrides, mergeDims, type Shape, sameShape, sizeOf } from "../shape/shape";
import { isNewTensor, stridesInMemory } from "./memory-order";

/** No kernel draws these masks. */
const NO_CALL: CallKey = { seedLo: 0, seedHi: 0, callLo: 0, callHi: 0 };

/** The key of a mask of `shape` whose bits, row-major and from the low end of each byte, are 1 where elements are kept. */
export function bitsKey(p: number, shape: Shape, bits: Uint8Array): MaskKey {
  return { call: NO_CALL, p, shape, elementOffset: 0, apply: (affine, x, out) => lay(shape, bits, affine, x, out) };
}

/** Where the elements of a mask are among those that are drawn one after the other: at `offset` and on, by steps of `strides`, of `length` in all. */
export interface DrawnOrder {
  readonly length: number;
  readonly offset: number;
  readonly strides: readonly number[];
}

/**
 * The order in which PyTorch draws a mask on the CPU: that in which the data's dimensions lie in memory, as if it had no gaps. Row-major for noise of another shape,
 * and for noise that is a new tensor.
 */
export function drawnOrder({ op, shape, whole = shape, elementOffset, input }: MaskRequest): DrawnOrder {
  const isLaidOnAll = input !== undefined && sameShape(shape, input.sizes) && !isNewTensor(op);
  const strides = isLaidOnAll ? stridesInMemory(shape, input.steps, whole) : contiguousStrides(whole);
  let [offset, rest] = [0, elementOffset];
  for (const [dim, stride] of contiguousStrides(whole).entries()) {
    const place = Math.floor(rest / stride);
    rest -= place * stride;
    offset += place * (strides[dim] as number);
  }
  return { length: sizeOf(whole), offset, strides };
}

/** The bits of a mask in its own row-major order, out of all that were drawn. */
export function bitsInOrder(bits: Uint8Array, shape: Shape, { length, offset, strides }: DrawnOrder): Uint8Array {
  const { shape: sizes, strides: merged } = mergeDims(shape, [strides]);
  const steps = merged[0] as number[];
  const size = sizeOf(shape);
  if (size === length && sizes.length === 1 && steps[0] === 1) return bits;
  const out = hostArray("the host", "bool", Math.ceil(size / 8)) as Uint8Array;
  const row = sizes.at(-1) as number;
  const step = steps.at(-1) as number;
  for (let i = 0, at = 0; i < size; i++) {
    if (i % row === 0) at = offset + placeOf(i / row, sizes, steps);
    out[i >> 3] = (out[i >> 3] as number) | (bitAt(bits, at) << (i & 7));
    at += step;
  }
  return out;
}

// --- internal helpers ---

function bitAt(bits: Uint8Array, i: number): number {
  return ((bits[i >>> 3] as number) >> (i & 7)) & 1;
}

/** Where a row begins: its number, written in the sizes of the outer dimensions, times their strides. */
function placeOf(row: number, shape: readonly number[], strides: readonly number[]): number {
  let [place, rest] = [0, row];
  for (let dim = shape.length - 2; dim >= 0; dim--) {
    const size = shape[dim] as number;
    place += (rest % size) * (strides[dim] as number);
    rest = Math.floor(rest / size);
  }
  return place;
}

function lay(maskShape: Shape, bits: Uint8Array, affine: Affine, x: Layout, out: Layout): void {
  const { backend } = out.storage.device;
  if (backend.view) layOnHost(backend as Required<Pick<Backend, "view">>, maskShape, bits, affine, x, out);
  else layOnDevice(maskShape, bits, affine, x, out);
}

/** Through the views, in one loop. `x` is contiguous or one value for all. */
function layOnHost(
  { view }: Required<Pick<Backend, "view">>,
  maskShape: Shape,
  bits: Uint8Array,
  { keepScale, keepShift, dropValue }: Affine,
  x: Layout,
  out: Layout,
): void {
  const { shape, strides } = mergeDims(out.shape, [broadcastStrides(maskShape, contiguousStrides(maskShape), out.shape)]);
  const steps = strides[0] as number[];
  const [row, maskStep] = [shape.at(-1) as number, steps.at(-1) as number];
  const size = sizeOf(shape);
  const [from, to] = [view(x.storage), view(out.storage)];
  const xStep = x.strides.some((stride) => stride !== 0) || size === 1 ? 1 : 0;
  // Dropped and kept value; picked by index, since a branch on a random bit is mispredicted every other time. A store rounds as the data's dtype does.
  const choice = createTypedArray(out.storage.dtype, 2);
  choice[0] = dropValue;
  for (let start = 0; start < size; start += row) {
    const at = placeOf(start / row, shape, steps);
    const place = { xAt: x.offset + start * xStep, xStep, outAt: out.offset + start, at, maskStep };
    layRow(bits, row, choice, keepScale, keepShift, from, to, place);
  }
}

interface RowPlace {
  readonly xAt: number;
  readonly xStep: number;
  readonly outAt: number;
  readonly at: number;
  readonly maskStep: number;
}

function layRow(
  bits: Uint8Array,
  length: number,
  choice: TypedArray,
  keepScale: number,
  keepShift: number,
  from: TypedArray,
  to: TypedArray,
  { xAt, xStep, outAt, at, maskStep }: RowPlace,
): void {
  for (let i = 0, bit = at; i < length; i++, bit += maskStep) {
    choice[1] = (from[xAt + i * xStep] as number) * keepScale;
    if (keepShift !== 0) choice[1] = choice[1] + keepShift;
    to[outAt + i] = choice[((bits[bit >>> 3] as number) >> (bit & 7)) & 1] as number;
  }
}

/** The mask goes to the device, and kernels select by it. */
function layOnDevice(maskShape: Shape, bits: Uint8Array, { keepScale, keepShift, dropValue }: Affine, x: Layout, out: Layout): void {
  const { device, dtype } = out.storage;
  const { kernels, backend } = device;
  const size = sizeOf(maskShape);
  const values = hostArray("the host", "bool", size) as Uint8Array;
  for (let i = 0; i < size; i++) values[i] = bitAt(bits, i);
  const mask = device.allocate("bool", size);
  try {
    backend.write(mask, values);
    const kept: Layout = { ...out, storage: device.allocate(dtype, sizeOf(out.shape)), offset: 0 };
    try {
      kernels.binary("mul", x, keepScale, kept);
      if (keepShift !== 0) kernels.binary("add", kept, keepShift, kept);
      const strides = broadcastStrides(maskShape, contiguousStrides(maskShape), out.shape);
      kernels.where({ storage: mask, shape: out.shape, strides, offset: 0 }, kept, dropValue, out);
    } finally {
      kept.storage.release();
    }
  } finally {
    mask.release();
  }
}
