/** Paints pictures in the colours of the style sheet; the style sheet enlarges them. */
import type { Picture } from "../lab/picture";
import { themeColour } from "../shell/theme";

/** A pixel for each level, as canvases hold them. Level 0 is transparent. */
export type Palette = Uint32Array;

/** From the first colour (level 1) to the last (level 255), through those between; each by the name of a property of the style sheet. */
export function palette(...names: readonly string[]): Palette {
  const colours = names.map((name) => (themeColour(name).match(/\d+/g) ?? []).map(Number));
  const bytes = new Uint8ClampedArray(4 * 256);
  for (let level = 1; level < 256; level++) {
    const place = ((level - 1) / 254) * (colours.length - 1);
    const from = colours[Math.floor(place)] as readonly number[];
    const to = colours[Math.ceil(place)] as readonly number[];
    const mixed = from.map((channel, i) => channel + ((to[i] as number) - channel) * (place % 1));
    bytes.set([...mixed, 255], 4 * level);
  }
  return new Uint32Array(bytes.buffer);
}

/** Paints in the picture's own resolution. */
export function paint(canvas: HTMLCanvasElement, { width, height, levels }: Picture, colours: Palette): void {
  canvas.width = width;
  canvas.height = height;
  const image = new ImageData(width, height);
  const pixels = new Uint32Array(image.data.buffer);
  for (let i = 0; i < pixels.length; i++) pixels[i] = colours[levels[i] as number] as number;
  canvas.getContext("2d")?.putImageData(image, 0, 0);
}
