import { expect, test } from "vitest";
import { bytesOf, pathOf } from "../test/files";
import { entry, file } from "../test/made";
import { describe as table, WeightFileError, writeNpy, writeNpz } from "./index";

test("describe tells the tensors of a safetensors file", async () => {
  expect(await table(pathOf("model.safetensors"))).toBe(
    [
      "name      shape   dtype    size",
      "0.bias    [3]     float32  12 B",
      "0.weight  [3, 4]  float32  48 B",
      "2.bias    [2]     float32  8 B",
      "2.weight  [2, 3]  float32  24 B",
      "4 tensors, 23 elements, 92 B (safetensors)",
    ].join("\n"),
  );
  expect(await table(bytesOf("unheld.safetensors"))).toContain("float4_e2m1  2 B");
  expect(await table(file("{}"))).toBe("name  shape  dtype  size\n0 tensors, 0 elements, 0 B (safetensors)");
  expect(await table(file(`{${entry("I8", "[3000000]", "[0,3000000]")}}`, 3_000_000))).toContain("1 tensor, 3000000 elements, 2.9 MiB");
});

test("describe tells the tensors of files of PyTorch and NumPy, inside of dicts by their paths", async () => {
  expect(await table(pathOf("model.pt"))).toBe(
    [
      "name                   shape   dtype    size",
      "0.weight               [4, 3]  float32  48 B",
      "0.bias                 [4]     float32  16 B",
      "1.weight               [4]     float32  16 B",
      "1.bias                 [4]     float32  16 B",
      "1.running_mean         [4]     float32  16 B",
      "1.running_var          [4]     float32  16 B",
      "1.num_batches_tracked  []      int64    8 B",
      "7 tensors, 33 elements, 136 B (PyTorch)",
    ].join("\n"),
  );
  expect(await table(pathOf("checkpoint.pt"))).toMatch(/\nmodel\.0\.weight +\[4, 3\] +float32/);
  expect(await table(pathOf("views-legacy.pt"))).toContain("(PyTorch)");
  const x = { shape: [2], dtype: "float64", data: new Float64Array(2) } as const;
  expect(await table(await writeNpy(x))).toContain("array  [2]    float64  16 B");
  expect(await table(await writeNpz({ x }))).toContain("x     [2]    float64  16 B");
});

test("describe writes what moves a cursor as escapes", async () => {
  const name = "\u001b[2Ja\u202eb\n\u0000";
  expect(await table(file(`{${entry("I8", "[0]", "[0,0]", name)}}`))).toContain("\\u{1b}[2Ja\\u{202e}b\\u{a}\\u{0}");
});

test("describe refuses what it does not know", async () => {
  await expect(table(new Uint8Array(0))).rejects.toThrow(WeightFileError);
  await expect(table(new TextEncoder().encode("some text that is none"))).rejects.toThrow(
    "describe: expected a safetensors file, one of PyTorch's or of NumPy's, got something else",
  );
  await expect(table(1 as never)).rejects.toThrow("describe: expected a path, a URL");
});
