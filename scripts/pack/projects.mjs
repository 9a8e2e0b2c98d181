/** Empty projects outside the workspace, into which the packed packages are installed as a user would. */
import { cpSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { readJson, root } from "../workspace.mjs";
import { npmInstall } from "./run.mjs";

const programs = fileURLToPath(new URL("programs", import.meta.url));

/**
 * @typedef {object} Projects
 * @property {Release[]} releases
 * @property {string[]} fetched The packages that npm has fetched for them so far.
 * @property {(name: string, packages: string[], options?: ProjectOptions) => Promise<string>} create Makes a project with these packages and gives its folder.
 * @property {() => Promise<string>} everything The folder of one project, made once, with every package of ours, what they go with, and the programs.
 *
 * @typedef {{ flags?: string[], env?: Record<string, string | undefined> }} ProjectOptions `flags` are npm's.
 * @typedef {import("./registry.mjs").Release} Release
 */

/**
 * @param {string} folder
 * @param {Release[]} releases What the registry has.
 * @param {import("./registry.mjs").Registry} registry
 * @returns {Projects}
 */
export function projectsIn(folder, releases, { address, fetched }) {
  /** @type {Projects["create"]} */
  const create = async (name, packages, { flags = [], env = {} } = {}) => {
    const project = join(folder, name);
    mkdirSync(project);
    writeFileSync(join(project, "package.json"), '{ "private": true }\n');
    writeFileSync(join(project, ".npmrc"), `@dropwise:registry=${address}\n`);
    cpSync(programs, project, { recursive: true });
    await npmInstall([...flags, ...packages], { cwd: project, env });
    return project;
  };
  /** @type {Promise<string> | undefined} */
  let everything;
  return {
    releases,
    fetched,
    create,
    everything() {
      const ours = releases.flatMap(({ manifest }) => (manifest.os === undefined ? [manifest.name] : []));
      everything ??= create("everything", [...ours, ...companions()]);
      return everything;
    },
  };
}

// --- internal helpers ---

/** What the packages go with, at the versions that they are developed with. */
function companions() {
  const { devDependencies: ofWorkspace } = readJson(join(root, "package.json"));
  const { devDependencies: ofWebGPU } = readJson(join(root, "packages", "backend-webgpu", "package.json"));
  return [`vitest@${ofWorkspace.vitest}`, `@types/node@${ofWorkspace["@types/node"]}`, `webgpu@${ofWebGPU.webgpu}`];
}
