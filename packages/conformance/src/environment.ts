import { inject } from "vitest";

/**
 * The names in `DROPWISE_REQUIRE`, a comma list of backends that must be there. Read from the environment; in a browser, which has none,
 * from `import.meta.env` or from what the vitest configuration provides: `provide: { DROPWISE_REQUIRE: process.env.DROPWISE_REQUIRE }`.
 */
export function requiredBackends(): readonly string[] {
  const { process } = globalThis as { process?: { env?: Record<string, string | undefined> } };
  const fromProcess = process?.env?.DROPWISE_REQUIRE;
  const fromVite = (import.meta as { env?: Record<string, string | undefined> }).env?.DROPWISE_REQUIRE;
  const provided = inject("DROPWISE_REQUIRE" as never) as string | undefined;
  return [fromProcess, fromVite, provided]
    .flatMap((list) => (list ?? "").split(","))
    .map((name) => name.trim())
    .filter(Boolean);
}

/** Where the suite runs: "node", "bun", "deno" or "browser". */
export function runtimeName(): string {
  const { navigator, process } = globalThis as { navigator?: { userAgent?: string }; process?: { versions?: { node?: string } } };
  const agent = navigator?.userAgent ?? "";
  if (agent.startsWith("Bun")) return "bun";
  if (agent.startsWith("Deno")) return "deno";
  return process?.versions?.node === undefined ? "browser" : "node";
}
