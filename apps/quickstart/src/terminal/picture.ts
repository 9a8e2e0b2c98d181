/** A picture in brightness from 0 to 1, row by row. */
export interface Picture {
  readonly pixels: ArrayLike<number>;
  readonly height: number;
  readonly width: number;
}

/** From nothing to full. */
const SHADES = [" ", "░", "▒", "▓", "█"];

/** A picture wider than this is drawn smaller. */
const WIDEST = 16;

/** A picture in characters, two for each pixel, since a character is about twice as high as it is wide. */
export function drawPicture(picture: Picture): string[] {
  const { pixels, height, width } = shrunk(picture);
  return Array.from({ length: height }, (_, y) =>
    Array.from({ length: width }, (_, x) => {
      const level = Math.max(0, Math.min(1, pixels[y * width + x] as number));
      return (SHADES[Math.round(level * (SHADES.length - 1))] as string).repeat(2);
    }).join(""),
  );
}

/** Puts blocks of lines beside one another, as many as fit in `width`, and the rest below. */
export function besideOneAnother(blocks: readonly (readonly string[])[], width: number): string[] {
  const GAP = 3;
  const block = Math.max(...blocks.flat().map((line) => line.length));
  const perRow = Math.max(1, Math.floor((width + GAP) / (block + GAP)));
  const lines: string[] = [];
  for (let start = 0; start < blocks.length; start += perRow) {
    const row = blocks.slice(start, start + perRow);
    if (start > 0) lines.push("");
    for (let i = 0; i < Math.max(...row.map((lines) => lines.length)); i++) {
      lines.push(
        row
          .map((lines) => (lines[i] ?? "").padEnd(block + GAP))
          .join("")
          .trimEnd(),
      );
    }
  }
  return lines;
}

// --- internal helpers ---

/** Each pixel is the mean of a square of pixels. */
function shrunk({ pixels, height, width }: Picture): Picture {
  const factor = Math.ceil(width / WIDEST);
  if (factor === 1) return { pixels, height, width };
  const small = { height: Math.ceil(height / factor), width: Math.ceil(width / factor) };
  const sums = new Float64Array(small.height * small.width);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const at = Math.floor(y / factor) * small.width + Math.floor(x / factor);
      sums[at] = (sums[at] as number) + (pixels[y * width + x] as number) / (factor * factor);
    }
  }
  return { ...small, pixels: sums };
}
