import { afterEach, beforeEach, describe, expect, type MockInstance, test, vi } from "vitest";
import { functional as F, Generator, nn, ones, type Shape } from "../index";
import { expectRefusal } from "../testing/refusal";
import { maskAt } from "../testing/stream";

let warn: MockInstance<typeof console.warn>;
beforeEach(() => {
  warn = vi.spyOn(console, "warn").mockImplementation(() => {});
});
afterEach(() => warn.mockRestore());

const SEED = 17;
const P = 0.4;
type Name = "dropout1d" | "dropout2d" | "dropout3d" | "featureAlphaDropout";

/** The 0/1 mask that a call covers the data with. */
function coverage(name: Name, shape: Shape): number[] {
  const generator = new Generator(SEED);
  const output = F[name](ones(shape), { p: P, training: true, generator }).dataSync();
  const kept = Math.max(...output);
  expect(generator.call).toBe(1n);
  return Array.from(output, (x) => Number(x === kept));
}

/** A mask of `count` elements, each repeated over `inner` places. */
const repeated = (count: number, inner: number) => maskAt(BigInt(SEED), 0n, P, count).flatMap((bit) => Array<number>(inner).fill(bit));

describe("one decision covers", () => {
  test.each<[Name, Shape, number, number, string]>([
    ["dropout1d", [8, 5], 8, 5, "a channel of (C, L)"],
    ["dropout1d", [3, 8, 5], 24, 5, "a channel of (N, C, L)"],
    ["dropout2d", [3, 4, 2, 3], 12, 6, "a channel of (N, C, H, W)"],
    ["dropout2d", [3, 4, 6], 12, 6, "a channel of three dimensions, read as (N, C, L) and not (C, H, W)"],
    ["dropout2d", [6, 7], 42, 1, "an element of (N, C)"],
    ["dropout2d", [2, 5, 1, 2, 3], 10, 6, "a channel of five dimensions"],
    ["dropout3d", [2, 6, 1, 2, 3], 12, 6, "a channel of (N, C, D, H, W)"],
    ["dropout3d", [6, 1, 2, 3], 6, 6, "a channel of (C, D, H, W), unbatched"],
    ["dropout3d", [9, 4], 9, 4, "a channel of (C, L): a batch dimension is added"],
    ["dropout3d", [12], 12, 1, "an element of one dimension: a batch dimension is added"],
    ["dropout3d", [12, 2, 1, 1, 1, 3], 12, 6, "all but the first of six dimensions: a batch dimension is added"],
    ["featureAlphaDropout", [6, 7], 42, 1, "an element of (N, C)"],
    ["featureAlphaDropout", [3, 4, 2, 2, 2], 12, 8, "a channel of (N, C, ...)"],
  ])("%s %j: %i masks of %i elements, %s", (name, shape, count, inner) => {
    expect(coverage(name, shape)).toEqual(repeated(count, inner));
  });

  test.each<[Name, Shape]>([
    ["dropout1d", [50, 2]],
    ["dropout3d", [50, 2, 2, 2]],
  ])("%s: unbatched %j gives what a batch of one gives, in place, too", (name, shape) => {
    const run = (s: Shape, inplace: boolean) => [...F[name](ones(s), { p: 0.5, inplace, generator: new Generator(3) }).dataSync()];
    for (const inplace of [false, true]) expect(run(shape, inplace)).toEqual(run([1, ...shape], inplace));
  });
});

describe("ranks that PyTorch refuses", () => {
  test.each<Shape>([[], [4], [1, 2, 3, 4], [1, 1, 2, 3, 4]])("dropout1d refuses %j, in eval and with p = 0, too", (...shape) => {
    const generator = new Generator(0);
    for (const options of [{ p: 0.5 }, { p: 0 }, { p: 1 }, { training: false }]) {
      expectRefusal(
        () => F.dropout1d(ones(shape), { ...options, generator }),
        "ShapeError",
        `dropout1d: expected (C, L) or (N, C, L), got ${shape.length} dimensions`,
      );
    }
    expectRefusal(() => new nn.Dropout1d().forward(ones(shape)), "ShapeError", "dropout1d");
    expect(generator.call).toBe(0n);
  });

  test.each<["dropout2d" | "featureAlphaDropout" | "dropout3d", Shape]>([
    ["dropout2d", []],
    ["dropout2d", [4]],
    ["featureAlphaDropout", []],
    ["featureAlphaDropout", [4]],
    ["dropout3d", []],
  ])("%s refuses %j, but only where a mask is drawn", (name, shape) => {
    const generator = new Generator(0);
    const input = ones(shape);
    const error = expectRefusal(
      () => F[name](input, { p: 0.5, training: true, generator }),
      "ShapeError",
      `${name}: expected at least 2 dimensions`,
    );
    expect(error).toMatchObject({ op: name });
    expect(F[name](input, { p: 0, training: true, generator })).toBe(input);
    expect(F[name](input, { p: 0.5, training: false, generator })).toBe(input);
    expect(
      F[name](input, { p: 1, training: true, generator })
        .dataSync()
        .every((x) => x === 0),
    ).toBe(true);
    expect(generator.call).toBe(0n);
  });

  test("a layer that refused its input keeps the mask it had", () => {
    const layer = new nn.Dropout1d({ p: 0.5, generator: new Generator(2) });
    layer.forward(ones([4, 3]));
    const before = layer.lastMask()?.dataSync();
    expect(() => layer.forward(ones([4]))).toThrow("dropout1d");
    expect(layer.lastMask()?.dataSync()).toEqual(before);
  });
});

describe("ranks that PyTorch warns about", () => {
  const warnings = () => warn.mock.calls.map(([message]) => String(message));

  test("dropout2d: three dimensions are read as (N, C, L), and that is said once", () => {
    F.dropout2d(ones([2, 3, 7]), { p: 0.5 });
    F.dropout2d(ones([2, 3, 8]), { p: 0.5 });
    const said = warnings().filter((message) => message.includes("read as (N, C, L)"));
    expect(said.length).toBeLessThanOrEqual(1); // an earlier test may have drawn it
    for (const message of said) expect(message).toMatch(/^dropout2d: expected \(N, C, H, W\), got 3 dimensions.* - use dropout1d/);
  });

  test("each function and rank warns once in a program, in eval, too; the expected ranks never", async () => {
    vi.resetModules();
    const fresh = await import("../index");
    const call = (name: "dropout2d" | "dropout3d", rank: number, training = true) =>
      fresh.functional[name](fresh.ones(Array<number>(rank).fill(2)), { p: 0.5, training });
    for (let i = 0; i < 3; i++) {
      call("dropout2d", 4);
      call("dropout3d", 4);
      call("dropout3d", 5);
      fresh.functional.dropout1d(fresh.ones([2, 3]), 0.5);
      fresh.functional.featureAlphaDropout(fresh.ones([2, 3]), { training: true });
    }
    expect(warnings()).toEqual([]);
    for (let i = 0; i < 3; i++) {
      call("dropout2d", 2);
      call("dropout2d", 3, false);
      call("dropout2d", 5);
      call("dropout2d", 1, false);
      call("dropout3d", 3);
      call("dropout3d", 6);
    }
    expect(warnings().map((message) => message.slice(0, 60))).toEqual([
      "dropout2d: expected (N, C, H, W), got 2 dimensions - use dro",
      "dropout2d: expected (N, C, H, W), got 3 dimensions, read as ",
      "dropout2d: expected (N, C, H, W), got 5 dimensions - use dro",
      "dropout2d: expected (N, C, H, W), got 1 dimensions - use dro",
      "dropout3d: expected (N, C, D, H, W) or (C, D, H, W), got 3 d",
      "dropout3d: expected (N, C, D, H, W) or (C, D, H, W), got 6 d",
    ]);
  });
});
