import { expect, test } from "vitest";
import { createWasmBackend } from "../src/index";

test("as many threads as asked where the page may share memory, and one where it may not", async () => {
  const backend = await createWasmBackend({ threads: 2 });
  expect(backend.info.threads).toBe(globalThis.crossOriginIsolated ? 2 : 1);
  backend.dispose();
});

test.each(["throw new Error('in the worker')", "{"])(
  "a worker whose program is %s leaves one thread, and the others are ended",
  async (program) => {
    const { Worker: Original } = globalThis;
    const url = URL.createObjectURL(new Blob([program], { type: "text/javascript" }));
    const ended: boolean[] = [];
    globalThis.Worker = class extends Original {
      readonly #number = ended.push(false) - 1;
      constructor(source: string | URL, options?: WorkerOptions) {
        super(ended.length === 1 ? url : source, options);
      }
      override terminate(): void {
        ended[this.#number] = true;
        super.terminate();
      }
    };
    try {
      const backend = await createWasmBackend({ threads: 3 });
      expect(backend.info.threads).toBe(1);
      expect(ended).toEqual(globalThis.crossOriginIsolated ? [true, true] : []);
      backend.dispose();
    } finally {
      globalThis.Worker = Original;
      URL.revokeObjectURL(url);
    }
  },
);
