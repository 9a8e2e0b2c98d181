import { describe, expect, it } from "vitest";
import { tryAlone } from "./try-alone";

/** A module of its own, whose `make` does what the code says. */
const make = (code: string) => ({
  specifier: `data:text/javascript,${encodeURIComponent(`export function make() { ${code} }`)}`,
  factory: "make",
});

describe("tryAlone", () => {
  it("is silent where all goes well, also later", async () => {
    await expect(tryAlone(make("console.error('noise'); return Promise.resolve({})"))).resolves.toBeUndefined();
  });

  it("throws what the module threw", async () => {
    await expect(tryAlone(make("throw new Error('no GPU here')"))).rejects.toThrow("no GPU here");
  });

  it("keeps the code of an error, so that a package that is not there is told from others", async () => {
    await expect(tryAlone({ specifier: "dropwise-no-such-package", factory: "make" })).rejects.toMatchObject({
      code: "ERR_MODULE_NOT_FOUND",
    });
  });

  it("outlives a module that ends the process", async () => {
    await expect(tryAlone(make("process.kill(process.pid, 'SIGKILL')"))).rejects.toThrow("it ended the process that tried it");
  });
});
