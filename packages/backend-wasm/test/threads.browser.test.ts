import { expect, test } from "vitest";
import { createWasmBackend } from "../src/index";

test("as many threads as asked where the page may share memory, and one where it may not", async () => {
  const backend = await createWasmBackend({ threads: 2 });
  expect(backend.info.threads).toBe(globalThis.crossOriginIsolated ? 2 : 1);
  backend.dispose();
});
