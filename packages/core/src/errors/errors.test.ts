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

  test("of shapes are wrong values, too", () => {
    expect(new ShapeError("add", [], "")).toBeInstanceOf(RangeError);
  });
});
