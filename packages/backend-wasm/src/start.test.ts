/** Where a backend cannot start as it would: engines without WebAssembly, workers that end before they are ready. */
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { ones } from "@dropwise/core";
import { afterEach, describe, expect, test, vi } from "vitest";
import { createWasmBackend } from "./backend";

describe.each(["--no-expose-wasm", "--jitless"])("with %s", (flag) => {
  test("the package can be imported, and creating rejects by name whatever the options", () => {
    const dist = new URL("../dist/index.js", import.meta.url).href;
    const program = `
      import { createWasmBackend } from ${JSON.stringify(dist)};
      for (const options of [undefined, {}, { threads: 1 }, { memory: {} }, { module: new Uint8Array(8) }, { thread: 1 }])
        await createWasmBackend(options).then(() => console.log("made"), ({ name, message }) => console.log(name + ":", message.slice(0, 42)));`;
    const { stdout } = spawnSync(process.execPath, [flag, "--input-type=module", "--eval", program], { encoding: "utf8" });
    const unavailable = "BackendUnavailableError: wasm: expected a runtime with WebAssembly,";
    expect(stdout.trim().split("\n")).toEqual([...new Array(5).fill(unavailable), "TypeError: createWasmBackend: expected the options th"]);
  });
});

describe("a worker that is not ready", () => {
  afterEach(() => vi.restoreAllMocks());

  /** Exchanges the program of the second worker, or makes its making fail. All that were made. */
  function sabotage(program: string | null): Worker[] {
    const made: Worker[] = [];
    let count = 0;
    class Sabotaged extends Worker {
      constructor(source: string, options: ConstructorParameters<typeof Worker>[1]) {
        const isSecond = ++count === 2;
        if (isSecond && program === null) throw new Error("no more threads");
        super(isSecond ? (program as string) : source, options);
        made.push(this);
      }
    }
    const { getBuiltinModule } = process;
    vi.spyOn(process, "getBuiltinModule").mockImplementation(((name: string) =>
      name === "node:worker_threads" ? { Worker: Sabotaged } : getBuiltinModule(name)) as typeof getBuiltinModule);
    return made;
  }

  test.each([
    ["exits", "process.exit(0)", 3],
    ["exits with an error", "process.exit(7)", 3],
    ["throws", "throw new Error('in the worker')", 3],
    ["throws what is no error", "throw null", 3],
    ["is a program that does not parse", "{", 3],
    ["runs to its end", "", 3],
    ["exits when it is spoken to", "require('node:worker_threads').parentPort.once('message', () => process.exit(0))", 3],
    ["cannot be made", null, 1],
  ])("since it %s leaves the backend one thread, and no worker running", async (_, program, count) => {
    const made = sabotage(program);
    const ends: Promise<unknown>[] = [];
    const wasm = await createWasmBackend({ threads: 4 });
    for (const worker of made) if (worker.threadId !== -1) ends.push(once(worker, "exit"));
    await Promise.all(ends);
    expect(made).toHaveLength(count);
    expect(wasm.info.threads).toBe(1);
    expect(
      ones([2 ** 16], { backend: wasm })
        .sum()
        .itemSync(),
    ).toBe(2 ** 16);
    wasm.dispose();
  });
});
