/** Cloudflare's runtime, which forbids to compile bytes: the module has to be imported. */
import { cpSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import { run } from "./run.mjs";
import { TOOLS } from "./tools.mjs";

const KERNELS = "@dropwise/backend-wasm/kernels.wasm";

const CONFIG = `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (services = [(name = "main", worker = .worker)]);
const worker :Workerd.Worker = (
  modules = [(name = "worker.js", esModule = embed "worker.js"), (name = "${KERNELS}", wasm = embed "kernels.wasm")],
  compatibilityDate = "2025-10-01",
);
`;

/**
 * @param {import("./projects.mjs").Projects} projects
 * @param {(name: string) => Promise<string>} program A tool's program.
 * @returns {import("./checks.mjs").Check[]}
 */
export function workerdChecks(projects, program) {
  return [
    {
      name: "workerd",
      title: `${TOOLS.workerd?.version}: core and the imported WebAssembly module in Cloudflare's runtime`,
      run: async () => {
        const workerd = await program("workerd");
        const everything = await projects.everything();
        const folder = join(everything, "workerd");
        mkdirSync(folder);
        const [entryPoint, outfile] = [join(everything, "worker.mjs"), join(folder, "worker.js")];
        await build({ entryPoints: [entryPoint], outfile, bundle: true, format: "esm", external: [KERNELS], logLevel: "silent" });
        cpSync(join(everything, "node_modules", "@dropwise", "backend-wasm", "dist", "kernels.wasm"), join(folder, "kernels.wasm"));
        writeFileSync(join(folder, "config.capnp"), CONFIG);
        const printed = await run(workerd, ["test", "config.capnp"], { cwd: folder });
        return /^had: (.*)$/m.exec(printed)?.[1] ?? "";
      },
    },
  ];
}
