/** What comes with each package, and what works with it alone. */
import { dirname, join } from "node:path";
import { checkTarballs } from "../release/check.mjs";
import { addonPackages, currentVersion, thisPlatform } from "../release/packages.mjs";
import { leftOut, readJson, workspacePackages } from "../workspace.mjs";
import { MissingError } from "./checks.mjs";
import { run } from "./run.mjs";
import { DISTRIBUTED, NATIVE, REPOSITORY } from "./stage.mjs";

const CORE = "@dropwise/core";

/**
 * @param {import("./projects.mjs").Projects} projects
 * @returns {import("./checks.mjs").Check[]}
 */
export function installChecks(projects) {
  return [
    {
      name: "tarballs",
      title: "are as a release wants them: the files that package.json names and no others, one version, nothing that runs",
      run: async () => checkRelease(projects.releases),
    },
    {
      name: "core",
      title: "alone, it brings no other package and works",
      run: async () => {
        const folder = await projects.create("core", [CORE]);
        expectPackages(folder, [CORE]);
        return smoke(folder, ["core"]);
      },
    },
    {
      name: "core",
      title: "its ES module and CommonJS builds in one process share generator, default backend and modes",
      run: async () => {
        const folder = await projects.create("core-both", [CORE]);
        await run(process.execPath, ["both-builds.cjs"], { cwd: folder });
      },
    },
    {
      name: "wasm",
      title: "with core, it brings no other package and works",
      run: async () => {
        const folder = await projects.create("wasm", [CORE, "@dropwise/backend-wasm"]);
        expectPackages(folder, [CORE, "@dropwise/backend-wasm"]);
        return smoke(folder, ["wasm"]);
      },
    },
    {
      name: "webgpu",
      title: "with core, it brings no other package, and without `webgpu` says in Node that it is unavailable",
      run: async () => {
        const folder = await projects.create("webgpu", [CORE, "@dropwise/backend-webgpu"]);
        expectPackages(folder, [CORE, "@dropwise/backend-webgpu"]);
        return smoke(folder, ["core", "no webgpu"]);
      },
    },
    {
      name: "weights",
      title: "alone, it brings core and no other package, and its files and checkpoints work without a backend",
      run: async () => {
        const folder = await projects.create("weights", ["@dropwise/weights"]);
        expectPackages(folder, [CORE, "@dropwise/weights"]);
        return smoke(folder, ["weights"]);
      },
    },
    {
      name: "native",
      title: "with core and no compiler, it brings the package of this platform alone and works",
      run: async () => {
        needsNative();
        return withPlatform(projects, NATIVE, "native");
      },
    },
    {
      name: "native",
      title: "without its optional dependency it is unavailable and lists what was tried; core and wasm go on",
      run: async () => {
        needsNative();
        const packages = [CORE, NATIVE, "@dropwise/backend-wasm"];
        const folder = await projects.create("no-native", packages, { flags: ["--omit=optional"] });
        expectPackages(folder, packages);
        return smoke(folder, ["no native", "core", "wasm"]);
      },
    },
    {
      name: "distributed",
      title:
        "with core and no compiler, it brings the package of this platform alone; a group of one trains, and a library that is missing is named",
      run: async () => {
        needsDistributed();
        return withPlatform(projects, DISTRIBUTED, "distributed");
      },
    },
    {
      name: "distributed",
      title: "without its optional dependency a group of one trains, and several processes are told what was tried",
      run: async () => {
        needsDistributed();
        const packages = [CORE, DISTRIBUTED];
        const folder = await projects.create("no-distributed", packages, { flags: ["--omit=optional"] });
        expectPackages(folder, packages);
        return smoke(folder, ["no distributed"]);
      },
    },
  ];
}

/** Throws where the native backend was left out, for want of a compiler to build it with here. */
export function needsNative() {
  const native = workspacePackages().find(({ name }) => name === NATIVE);
  const reason = native && leftOut(native);
  if (reason !== undefined) throw new MissingError("native", `it was not built: ${reason}`);
}

/** The same for distributed training, and where its addon is not for this platform. */
export function needsDistributed() {
  needsNative();
  const isThere = addonPackages().some(({ name, platforms }) => name === DISTRIBUTED && platforms.includes(thisPlatform()));
  if (!isThere) throw new MissingError("native", `${DISTRIBUTED} has no addon for ${thisPlatform()}`);
}

// --- internal helpers ---

/**
 * Installs core and a package with an addon where nothing can be compiled, and tries it.
 *
 * @param {import("./projects.mjs").Projects} projects
 * @param {string} name
 * @param {string} part What to try.
 */
async function withPlatform(projects, name, part) {
  // A folder without programs, so that no compiler is found, and none of Python and make.
  const nothing = dirname(projects.releases[0]?.tarball?.path ?? "");
  const env = { PATH: nothing, CC: undefined, CXX: undefined, PYTHON: undefined };
  const folder = await projects.create(part, [CORE, name], { env });
  const platform = `${name}-${thisPlatform()}`;
  expectPackages(folder, [CORE, name, platform]);
  const others = projects.fetched.filter((each) => each.startsWith(`${name}-`) && each !== platform);
  if (others.length > 0) throw new Error(`expected ${platform} to be fetched alone, got also ${others.join(", ")}`);
  return smoke(folder, [part], env);
}

/** Parts of `programs/checks.mjs`, as an ES module and as CommonJS. @param {string} cwd @param {string[]} parts @param {Record<string, string | undefined>} [env] */
async function smoke(cwd, parts, env) {
  const [first, second] = [
    await run(process.execPath, ["smoke.mjs", ...parts], { cwd, env }),
    await run(process.execPath, ["smoke.cjs", ...parts], { cwd, env }),
  ];
  if (first !== second) throw new Error(`expected the same from both forms, got "${first}" and "${second}"`);
  return first;
}

/** That a project has these packages, no other, and that none of them runs anything when it is installed. @param {string} folder @param {string[]} expected */
function expectPackages(folder, expected) {
  /** @type {Record<string, { hasInstallScript?: boolean }>} */
  const installed = readJson(join(folder, "node_modules", ".package-lock.json")).packages;
  const names = Object.keys(installed).map((path) => path.replace(/^.*node_modules\//, ""));
  const [got, wanted] = [names, expected].map((list) => [...list].sort().join(", "));
  if (got !== wanted) throw new Error(`expected ${wanted} to be installed, got ${got}`);
  const scripts = Object.entries(installed).flatMap(([path, { hasInstallScript }]) => (hasInstallScript ? [path] : []));
  if (scripts.length > 0) throw new Error(`expected no install scripts, got one in ${scripts.join(", ")}`);
}

/** What a release checks, but for the list of platforms: it has this one alone. @param {import("./registry.mjs").Release[]} releases */
function checkRelease(releases) {
  const tarballs = releases.flatMap(({ tarball }) => tarball ?? []);
  const names = tarballs.flatMap(({ manifest }) => (manifest.os === undefined ? [manifest.name] : []));
  const checks = checkTarballs(tarballs, { version: currentVersion(), names, repository: REPOSITORY, complete: false });
  const faults = checks.flatMap(({ name, faults }) => faults.map((fault) => `${name}: ${fault}`));
  if (faults.length > 0) throw new Error(faults.join("\n"));
  return `${tarballs.length} tarballs`;
}
