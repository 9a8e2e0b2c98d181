/** What the tests of the packed packages begin with. */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setup } from "../setup.mjs";
import { projectsIn } from "./projects.mjs";
import { startRegistry } from "./registry.mjs";
import { stage } from "./stage.mjs";
import { installTools } from "./tools.mjs";

/**
 * Builds and packs the packages, in a folder outside the workspace that goes with this process, and begins to install tools.
 *
 * @param {readonly string[]} tools Names in `TOOLS`.
 * @returns {Promise<{ projects: import("./projects.mjs").Projects, program: (name: string) => Promise<string> }>} `program` gives a tool's program.
 */
export async function prepare(tools) {
  setup();
  const folder = mkdtempSync(join(tmpdir(), "dropwise-pack-"));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  process.once("SIGINT", () => process.exit(130)).once("SIGTERM", () => process.exit(143));
  const releases = stage(folder);
  const registry = await startRegistry(releases);
  mkdirSync(join(folder, "projects"));
  return { projects: projectsIn(join(folder, "projects"), releases, registry), program: installTools(join(folder, "tools"), tools) };
}
