import { describe, expect, test } from "vitest";
import { createWebGPUBackend } from "../src/index";

describe("what createWebGPUBackend is given", () => {
  test("is checked before anything is opened", async () => {
    const { proxy: revoked, revoke } = Proxy.revocable({}, {});
    revoke();
    for (const options of [
      revoked,
      { gpu: revoked },
      { powerPreference: revoked },
      { gpu: 5 },
      { gpu: null },
      { adapter: {} },
      { device: "gpu" },
      { powerPreference: "fast" },
      { powerPreference: Symbol("fast") },
      { power: 1 },
      null,
      1,
      "gpu",
      [],
      new Map(),
    ]) {
      await expect(createWebGPUBackend(options as never)).rejects.toMatchObject({
        name: "TypeError",
        message: expect.stringMatching(/^createWebGPUBackend: expected .+, got /),
      });
    }
  });

  test("a gpu without an adapter, or one that fails, is BackendUnavailableError and says what was tried", async () => {
    for (const requestAdapter of [async () => null, async () => Promise.reject(new Error("broken driver"))]) {
      await expect(createWebGPUBackend({ gpu: { requestAdapter } as never })).rejects.toMatchObject({
        name: "BackendUnavailableError",
        message: expect.stringMatching(
          /expected a GPU adapter, got none - .*\n {2}- requestAdapter\(\) (gave no adapter|failed: broken driver)$/s,
        ),
      });
    }
  });

  test("an adapter that has given its device is refused with what to do", async () => {
    const adapter = { requestDevice: async () => Promise.reject(new Error("consumed")), limits: {}, info: { description: "spent" } };
    await expect(createWebGPUBackend({ adapter: adapter as never })).rejects.toMatchObject({
      name: "BackendUnavailableError",
      message: expect.stringMatching(/"spent", got: consumed - an adapter gives one device; ask for a new adapter$/),
    });
  });
});
