/** Lays arrays out as pictures, one pixel for each element. Colours come later, on the page, which can then change them. */

/** Pictures are cut off here, far beyond what a screen shows and well within what canvases can hold. */
const MAX_SIDE = 2048;

/** A picture without colours. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  /** For each pixel: 0 where there is no element; else 1 to 255, from the lowest to the highest, and 128 is the middle. */
  readonly levels: Uint8Array<ArrayBuffer>;
}

/** How a tensor is laid out in a plane. */
export interface Tiles {
  readonly width: number;
  readonly height: number;
  readonly columns: number;
  readonly count: number;
  readonly rowStride: number;
  readonly tileStride: number;
  /** Whether all elements are in the picture. */
  readonly complete: boolean;
}

/** The last two dimensions make a tile, all others count tiles; a tensor of one dimension is folded into rows. */
export function tilesOf(shape: readonly number[]): Tiles {
  const size = sizeOf(shape);
  if (shape.length < 2) {
    const width = Math.max(1, Math.min(MAX_SIDE, Math.ceil(Math.sqrt(size) / 8) * 8, size));
    const height = Math.min(MAX_SIDE, Math.ceil(size / width));
    return { width, height, columns: 1, count: 1, rowStride: width, tileStride: size, complete: width * height >= size };
  }
  const [fullHeight, fullWidth] = shape.slice(-2) as [number, number];
  const width = Math.min(MAX_SIDE, fullWidth);
  const height = Math.min(MAX_SIDE, fullHeight);
  const all = size === 0 ? 0 : size / (fullWidth * fullHeight);
  const fit = Math.max(1, Math.floor(MAX_SIDE / (width + 1))) * Math.max(1, Math.floor(MAX_SIDE / (height + 1)));
  const count = Math.min(all, fit);
  // About as wide as high.
  const columns = Math.max(1, Math.min(count, Math.floor(MAX_SIDE / (width + 1)), Math.ceil(Math.sqrt((count * height) / width))));
  return {
    width,
    height,
    columns,
    count,
    rowStride: fullWidth,
    tileStride: fullWidth * fullHeight,
    complete: count === all && width === fullWidth && height === fullHeight,
  };
}

/** Values as tiles with a gap of one pixel. `levelOf` gives 1 to 255. */
export function pictureOf(values: ArrayLike<number>, shape: readonly number[], levelOf: (value: number) => number): Picture {
  const { width, height, columns, count, rowStride, tileStride } = tilesOf(shape);
  const picture = {
    width: Math.max(1, columns * (width + 1) - 1),
    height: Math.max(1, Math.min(Math.ceil(count / columns) * (height + 1) - 1, MAX_SIDE)),
  };
  const levels = new Uint8Array(picture.width * picture.height);
  for (let tile = 0; tile < count; tile++) {
    const left = (tile % columns) * (width + 1);
    const top = Math.floor(tile / columns) * (height + 1);
    for (let y = 0; y < height && top + y < picture.height; y++) {
      const from = tile * tileStride + y * rowStride;
      const to = (top + y) * picture.width + left;
      for (let x = 0; x < width && from + x < values.length; x++) levels[to + x] = levelOf(values[from + x] as number);
    }
  }
  return { ...picture, levels };
}

/** The mask's value at every element of `shape`, to which it broadcasts. */
export function broadcast(mask: Uint8Array, maskShape: readonly number[], shape: readonly number[]): Uint8Array {
  const size = sizeOf(shape);
  if (mask.length === size) return mask;
  const shift = shape.length - maskShape.length;
  const strides = new Array<number>(shape.length).fill(0);
  let stride = 1;
  for (let dim = maskShape.length - 1; dim >= 0; dim--) {
    if (maskShape[dim] !== 1) strides[dim + shift] = stride;
    stride *= maskShape[dim] as number;
  }
  const out = new Uint8Array(size);
  for (let i = 0; i < size; i++) {
    let rest = i;
    let at = 0;
    for (let dim = shape.length - 1; dim >= 0; dim--) {
      const length = shape[dim] as number;
      at += (rest % length) * (strides[dim] as number);
      rest = Math.floor(rest / length);
    }
    out[i] = mask[at] as number;
  }
  return out;
}

/** The number of elements of a shape. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, length) => product * length, 1);
}
