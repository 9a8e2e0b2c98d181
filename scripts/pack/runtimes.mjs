/** The programs in each runtime: as ES module and as CommonJS, on every backend. */
import { join } from "node:path";
import { swiftShaderEnvironment } from "../../packages/backend-webgpu/test/support/swiftshader.mjs";
import { MissingError } from "./checks.mjs";
import { needsDistributed, needsNative } from "./installs.mjs";
import { runIn, TOOLS } from "./tools.mjs";

/** Runtimes to try; the first is the one that this runs in. */
export const RUNTIMES = ["node", "node20.19", "node20", "node22", "node24", "node26", "bun", "deno"];

/**
 * @param {string} name One of {@link RUNTIMES}.
 * @param {import("./projects.mjs").Projects} projects
 * @param {(name: string) => Promise<string>} program A tool's program.
 * @returns {import("./checks.mjs").Check[]}
 */
export function runtimeChecks(name, projects, program) {
  const tool = TOOLS[name] ?? { version: process.versions.node, args: [] };
  /** @param {string[]} parts @param {() => Promise<Record<string, string>> | void} [prepare] @returns {import("./checks.mjs").Check} */
  const check = (parts, prepare = () => {}) => ({
    name,
    title: `${tool.version}: ${parts.join(" and ")}, as ES module and CommonJS`,
    run: async () => {
      const gpu = (await prepare()) ?? {};
      const runtime = name in TOOLS ? await program(name) : process.execPath;
      const cwd = await projects.everything();
      const env = { ...gpu, DENO_DIR: join(cwd, ".deno") };
      const outputs = [];
      for (const file of ["smoke.mjs", "smoke.cjs"]) outputs.push(await runIn(runtime, tool, [file, ...parts], { cwd, env }));
      if (outputs[0] !== outputs[1]) throw new Error(`expected the same from both forms, got "${outputs.join('" and "')}"`);
      return outputs[0];
    },
  });
  const all = [check(["core", "wasm", "weights"]), check(["native"], needsNative), check(["webgpu"], softwareGpu)];
  // MPI's launchers start Node here, and no other runtime.
  return name.startsWith("node") ? [...all, check(["distributed"], needsDistributed)] : all;
}

/** The environment for a GPU in software. Elsewhere than on Linux there may be a GPU; here it is not looked for. */
export async function softwareGpu() {
  if (process.platform !== "linux") throw new MissingError("webgpu", "its GPU in software is for Linux");
  try {
    return await swiftShaderEnvironment();
  } catch (error) {
    throw new MissingError("webgpu", `there is no SwiftShader: ${/** @type {Error} */ (error).message}`);
  }
}
