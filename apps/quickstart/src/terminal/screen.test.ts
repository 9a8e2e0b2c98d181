import { describe, expect, it } from "vitest";
import { toJson } from "./json";
import { createScreen } from "./screen";

/** A screen without a terminal, and what it wrote. */
function capture(quiet = false) {
  const out: string[] = [];
  const err: string[] = [];
  const screen = createScreen({ stdout: { write: (text) => out.push(text) }, stderr: { write: (text) => err.push(text) } }, { quiet });
  return { screen, out: () => out.join(""), err: () => err.join("") };
}

describe("a screen", () => {
  it("wraps paragraphs at 78 columns and loses no word", () => {
    const { screen, out } = capture();
    const words = Array.from({ length: 60 }, (_, i) => `word${i}`).join(" ");
    screen.notice(words);
    expect(
      Math.max(
        ...out()
          .split("\n")
          .map((line) => line.length),
      ),
    ).toBeLessThanOrEqual(78);
    expect(out().replace(/\s+/g, " ").trim()).toBe(`> ${words}`);
  });

  it("aligns columns: the first to the left, the others to the right", () => {
    const { screen, out } = capture();
    screen.table(
      ["name", "value"],
      [
        ["a", "1.5"],
        ["longer", "10.25"],
      ],
    );
    expect(out().split("\n")).toEqual(["  name     value", "  a          1.5", "  longer   10.25", ""]);
  });

  it("lists names with what is said of them beside, wrapped, and cuts long names", () => {
    const { screen, out } = capture();
    screen.list([
      ["a", "word ".repeat(30).trim()],
      ["a name that goes on for longer than there is room", "short"],
    ]);
    const lines = out().trimEnd().split("\n");
    expect(lines).toHaveLength(5);
    expect(lines[0]).toMatch(/^ {2}a {30}word word/);
    expect(lines[1]).toMatch(/^ {33}word/);
    expect(lines[4]).toBe("  a name that goes on for lon…   short");
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(78);
    screen.list([]);
    expect(out().trimEnd().split("\n")).toEqual(lines);
  });

  it("reports progress in plain lines, one for each quarter", () => {
    const { screen, out, err } = capture();
    const progress = screen.progress("training", 10);
    for (let i = 0; i < 10; i++) progress.advance();
    progress.done();
    expect(out().split("\n")).toEqual([...[3, 5, 8, 10].map((done) => `  training: ${done} of 10 epochs`), ""]);
    expect(err()).toBe("");
  });

  it("shows nothing when quiet", () => {
    const { screen, out, err } = capture(true);
    screen.heading("title");
    screen.text("text");
    screen.table(["a"], [["1"]]);
    screen.progress("training", 1).advance();
    expect(out() + err()).toBe("");
  });
});

describe("toJson", () => {
  it("writes a bigint as a number where that is exact, else as digits", () => {
    expect(JSON.parse(toJson({ small: 42n, negative: -1n, large: 2n ** 64n - 1n }))).toEqual({
      small: 42,
      negative: -1,
      large: "18446744073709551615",
    });
  });
});
