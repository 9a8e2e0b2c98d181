import { describe, expect, it } from "vitest";
import { besideOneAnother, drawPicture } from "./picture";

describe("drawPicture", () => {
  it("draws a pixel as two characters, from nothing to full", () => {
    expect(drawPicture({ pixels: [0, 0.25, 0.5, 0.75, 1, 2], height: 2, width: 3 })).toEqual(["  ░░▒▒", "▓▓████"]);
  });

  it("draws a large picture smaller, a pixel for the mean of a square", () => {
    const width = 28;
    const pixels = Float32Array.from({ length: width * width }, (_, i) => (i % width < 14 ? 1 : Math.floor(i / width) % 2));
    const lines = drawPicture({ pixels, height: width, width });
    expect(lines).toEqual(Array.from({ length: 14 }, () => "██".repeat(7) + "▒▒".repeat(7)));
  });
});

describe("besideOneAnother", () => {
  const blocks = [["ab", "c"], ["d"], ["e", "f", "g"]];

  it("puts as many blocks in a row as fit", () => {
    expect(besideOneAnother(blocks, 12)).toEqual(["ab   d    e", "c         f", "          g"]);
    expect(besideOneAnother(blocks, 11)).toEqual(["ab   d", "c", "", "e", "f", "g"]);
  });

  it("puts one in a row if none fits", () => {
    expect(besideOneAnother([["abc"], ["d"]], 1)).toEqual(["abc", "", "d"]);
  });
});
