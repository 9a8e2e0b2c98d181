import { describe, expect, test } from "vitest";
import {
  BackendMismatchError,
  BackendUnavailableError,
  DeviceLostError,
  DisposedError,
  InPlaceError,
  OutOfMemoryError,
  ShapeError,
  UnsupportedOpError,
} from "../index";

describe("named errors", () => {
  test.each([
    [new ShapeError("add", [[2], [3]], "detail"), "ShapeError", "add: detail", { op: "add", shapes: [[2], [3]] }],
    [
      new BackendMismatchError("add", ["cpu", "wasm"]),
      "BackendMismatchError",
      "add: expected tensors of one backend, got cpu and wasm - move one of them",
      { backends: ["cpu", "wasm"] },
    ],
    [new UnsupportedOpError("exp", "webgpu", "detail"), "UnsupportedOpError", "exp: detail", { backend: "webgpu" }],
    [
      new BackendUnavailableError("native", "detail", ["a.node", "b.node"]),
      "BackendUnavailableError",
      "native: detail\n  - a.node\n  - b.node",
      { tried: ["a.node", "b.node"] },
    ],
    [
      new DeviceLostError("webgpu", "unplugged"),
      "DeviceLostError",
      "webgpu: expected a live device, got one that was lost (unplugged) - create a new backend",
      { reason: "unplugged" },
    ],
    [new OutOfMemoryError("wasm", 64), "OutOfMemoryError", "wasm: expected 64 free bytes, got none - release tensors", { bytes: 64 }],
    [new DisposedError("add", "detail"), "DisposedError", "add: detail", { op: "add" }],
    [new InPlaceError("dropout", "detail"), "InPlaceError", "dropout: detail", { op: "dropout" }],
  ])("%# has its name, message and fields", (error, name, message, fields) => {
    expect(error).toBeInstanceOf(Error);
    expect(error.name).toBe(name);
    expect(error.message).toContain(message);
    expect(error).toMatchObject(fields);
  });

  test("say what they can of whatever stands in place of a text or a list, and never hide behind another error", () => {
    const wrong = [Symbol("s"), Object.create(null), new Array(2 ** 32 - 1), { toString: null }, 1n, undefined, null];
    for (const value of wrong as never[]) {
      for (const error of [
        new ShapeError(value, value, value),
        new ShapeError("add", [value], "detail"),
        new BackendMismatchError(value, value),
        new BackendMismatchError("add", [value]),
        new UnsupportedOpError(value, value, value),
        new BackendUnavailableError(value, value, value),
        new BackendUnavailableError("native", "detail", [value]),
        new DeviceLostError(value, value),
        new OutOfMemoryError(value, value, value),
        new DisposedError(value, value),
        new InPlaceError(value, value),
      ])
        expect(error.message).toMatch(/^.+: /);
    }
    expect(new DisposedError(Symbol("s") as never, [1] as never).message).toBe("Symbol(s): an array of 1");
  });

  test("of shapes are wrong values, too", () => {
    expect(new ShapeError("add", [], "")).toBeInstanceOf(RangeError);
  });
});
