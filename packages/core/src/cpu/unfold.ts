import type { Backend, WindowSpec } from "../backend/backend";
import type { View } from "../backend/kernels";
import type { TypedArray } from "../dtype/dtype";
import type { Shape } from "../shape/shape";

/** `unfold` of the contract on host memory. */
export function referenceUnfold(view: View): NonNullable<Backend["unfold"]> {
  return (spec, x, out) => {
    const [n, c, ...sizes] = x.shape as [number, number, ...number[]];
    unfold(spec, n * c, sizes, view(x.storage), x.offset, view(out.storage), out.offset);
  };
}

/** `fold` of the contract on host memory. */
export function referenceFold(view: View): NonNullable<Backend["fold"]> {
  return (spec, x, out) => {
    const [n, c, ...sizes] = out.shape as [number, number, ...number[]];
    fold(spec, n * c, sizes, view(x.storage), x.offset, view(out.storage), out.offset);
  };
}

/** Writes the windows of `planes` images of `sizes`, one after the other; `out` is gone through once, from first to last. */
export function unfold(
  spec: WindowSpec,
  planes: number,
  sizes: Shape,
  x: TypedArray,
  xOffset: number,
  out: TypedArray,
  outOffset: number,
): void {
  const [d, h, w] = axesOf(spec, sizes);
  let written = outOffset;
  for (let plane = 0; plane < planes; plane++) {
    const start = xOffset + plane * d.size * h.size * w.size;
    for (let kd = 0; kd < d.kernel; kd++) {
      for (let kh = 0; kh < h.kernel; kh++) {
        for (let kw = 0; kw < w.kernel; kw++) {
          for (let od = 0; od < d.count; od++) {
            const z = od * d.stride + kd * d.dilation - d.padding;
            for (let oh = 0; oh < h.count; oh++) {
              const y = oh * h.stride + kh * h.dilation - h.padding;
              const isOutside = z < 0 || z >= d.size || y < 0 || y >= h.size;
              const row = start + (z * h.size + y) * w.size;
              for (let ow = 0, at = kw * w.dilation - w.padding; ow < w.count; ow++, at += w.stride) {
                out[written++] = isOutside || at < 0 || at >= w.size ? spec.padValue : (x[row + at] as number);
              }
            }
          }
        }
      }
    }
  }
}

// --- internal helpers ---

/** One dimension of the images, and the windows along it. */
interface Axis {
  readonly size: number;
  readonly kernel: number;
  readonly stride: number;
  readonly dilation: number;
  readonly padding: number;
  readonly count: number;
}

/** Always three: those that are not there have one place and one window. */
function axesOf(spec: WindowSpec, sizes: Shape): [Axis, Axis, Axis] {
  const axes: Axis[] = sizes.map((size, i) => ({
    size,
    kernel: spec.kernel[i] as number,
    stride: spec.stride[i] as number,
    dilation: spec.dilation[i] as number,
    padding: spec.padding[i] as number,
    count: spec.outSizes[i] as number,
  }));
  while (axes.length < 3) axes.unshift({ size: 1, kernel: 1, stride: 1, dilation: 1, padding: 0, count: 1 });
  return axes as [Axis, Axis, Axis];
}

/** Sums what lies in windows back to the images. Each sum is taken in double, in the order of the windows, and rounded once. */
function fold(spec: WindowSpec, planes: number, sizes: Shape, x: TypedArray, xOffset: number, out: TypedArray, outOffset: number): void {
  const [d, h, w] = axesOf(spec, sizes);
  const windows = d.count * h.count * w.count;
  let written = outOffset;
  for (let plane = 0; plane < planes; plane++) {
    const start = xOffset + plane * d.kernel * h.kernel * w.kernel * windows;
    for (let z = 0; z < d.size; z++) {
      for (let y = 0; y < h.size; y++) {
        for (let at = 0; at < w.size; at++) {
          let sum = 0;
          for (let od = firstWindow(d, z), endD = lastWindow(d, z); od <= endD; od++) {
            const kd = elementOf(d, z, od);
            if (kd < 0) continue;
            for (let oh = firstWindow(h, y), endH = lastWindow(h, y); oh <= endH; oh++) {
              const kh = elementOf(h, y, oh);
              if (kh < 0) continue;
              const column = (od * h.count + oh) * w.count;
              for (let ow = firstWindow(w, at), endW = lastWindow(w, at); ow <= endW; ow++) {
                const kw = elementOf(w, at, ow);
                if (kw >= 0) sum += x[start + ((kd * h.kernel + kh) * w.kernel + kw) * windows + column + ow] as number;
              }
            }
          }
          out[written++] = sum;
        }
      }
    }
  }
}

/** The first window that reaches as far as a place. */
function firstWindow({ kernel, stride, dilation, padding }: Axis, place: number): number {
  return Math.max(0, Math.ceil((place + padding - (kernel - 1) * dilation) / stride));
}

/** The last window that does not begin behind it. */
function lastWindow({ stride, padding, count }: Axis, place: number): number {
  return Math.min(count - 1, Math.floor((place + padding) / stride));
}

/** Which element of a window lies at a place between its first and its last; -1 where the place is between elements. */
function elementOf({ stride, dilation, padding }: Axis, place: number, window: number): number {
  const element = (place + padding - window * stride) / dilation;
  return Number.isInteger(element) ? element : -1;
}
