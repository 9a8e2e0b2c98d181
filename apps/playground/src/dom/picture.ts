/** Draws arrays as pictures, one pixel for each element; the style sheet enlarges them. */

type Colour = readonly [red: number, green: number, blue: number];

/** Pictures are cut off here, far beyond what a screen shows and well within what canvases can hold. */
const MAX_SIDE = 2048;

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
  const size = shape.reduce((product, length) => product * length, 1);
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

/** Paints values as tiles with a gap of one pixel, in the canvas's own resolution. */
export function paint(
  canvas: HTMLCanvasElement,
  values: ArrayLike<number>,
  shape: readonly number[],
  colourOf: (value: number) => Colour,
): Tiles {
  const tiles = tilesOf(shape);
  const { width, height, columns, count } = tiles;
  const rows = Math.ceil(count / columns);
  canvas.width = Math.max(1, columns * (width + 1) - 1);
  canvas.height = Math.max(1, Math.min(rows * (height + 1) - 1, MAX_SIDE));
  const context = canvas.getContext("2d");
  if (context === null) return tiles;
  const image = context.createImageData(canvas.width, canvas.height);
  for (let tile = 0; tile < count; tile++) {
    const left = (tile % columns) * (width + 1);
    const top = Math.floor(tile / columns) * (height + 1);
    for (let y = 0; y < height && top + y < canvas.height; y++) {
      for (let x = 0; x < width; x++) {
        const value = values[tile * tiles.tileStride + y * tiles.rowStride + x];
        if (value !== undefined) image.data.set([...colourOf(value), 255], 4 * ((top + y) * canvas.width + left + x));
      }
    }
  }
  context.putImageData(image, 0, 0);
  return tiles;
}

/** The mask's value at every element of `shape`, to which it broadcasts. */
export function broadcast(mask: ArrayLike<number>, maskShape: readonly number[], shape: readonly number[]): Uint8Array {
  const size = shape.reduce((product, length) => product * length, 1);
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

/** An opaque colour of the style sheet, by the name of its property. */
export function cssColour(name: string): Colour {
  const text = getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  // Minifying style sheets rewrites colours (#fff, tan); a canvas gives any of them back as #rrggbb.
  const context = document.createElement("canvas").getContext("2d");
  if (context === null) return [0, 0, 0];
  context.fillStyle = text;
  const value = Number.parseInt(String(context.fillStyle).slice(1), 16);
  return [value >> 16, (value >> 8) & 255, value & 255];
}

/** A scale from one colour through another at 0 to a third: -1 to 1. Values outside take the end's colour. */
export function scale(low: Colour, middle: Colour, high: Colour): (value: number) => Colour {
  // A table, since pictures have millions of pixels.
  const steps = 256;
  const table = Array.from({ length: 2 * steps + 1 }, (_, i): Colour => {
    const amount = Math.abs(i - steps) / steps;
    const end = i < steps ? low : high;
    const mix = (channel: 0 | 1 | 2): number => Math.round(middle[channel] + (end[channel] - middle[channel]) * amount);
    return [mix(0), mix(1), mix(2)];
  });
  return (value) => table[Math.round(Math.max(-1, Math.min(1, value)) * steps) + steps] ?? middle;
}
