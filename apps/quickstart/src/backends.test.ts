import { cpu, getDefaultBackend } from "@dropwise/core";
import { describe, expect, it } from "vitest";
import { closeBackends, fastest, onBackend, openBackends } from "./backends";
import { BACKEND_NAMES } from "./options";

describe("openBackends", () => {
  it("lists every backend by name, with a reason for each that cannot run", async () => {
    const entries = await openBackends("all");
    expect(entries.map(({ name }) => name)).toEqual(BACKEND_NAMES);
    for (const entry of entries) {
      if (entry.backend === null) expect(entry.reason).toMatch(/^[^\n]+$/);
      else expect(entry.backend.name).toBe(entry.name);
    }
    expect(entries[0]).toEqual({ name: "cpu", backend: cpu });
    closeBackends(entries);
  });

  it("opens the one that is asked for", async () => {
    expect(await openBackends("cpu")).toEqual([{ name: "cpu", backend: cpu }]);
  });
});

describe("fastest", () => {
  it("chooses by name, so that a machine always chooses the same", () => {
    const present = (["cpu", "webgpu", "wasm", "native"] as const).map((name) => ({ name, backend: cpu }));
    expect(fastest(present).name).toBe("native");
    expect(fastest(present.slice(0, 3)).name).toBe("wasm");
    expect(fastest(present.slice(0, 2)).name).toBe("cpu");
  });
});

describe("onBackend", () => {
  it("puts the default backend back, also after an error", async () => {
    const other = { ...cpu, name: "other" };
    expect(await onBackend(other, async () => getDefaultBackend().name)).toBe("other");
    await expect(onBackend(other, () => Promise.reject(new Error("stop")))).rejects.toThrow("stop");
    expect(getDefaultBackend()).toBe(cpu);
  });
});
