/**
 * The longer form of the check of arguments that `npm test` makes on `cpu`: on every backend that this machine has, and with two wrong values at a
 * time. Takes some minutes.
 *
 *     npm run test:arguments
 *     npm run test:arguments -- -t nn.Linear            only the exports whose names have that
 *     DROPWISE_REQUIRE=webgpu npm run test:arguments    fails where there is no such backend
 */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { swiftShaderEnvironment } from "../packages/backend-webgpu/test/support/swiftshader.mjs";
import { setup } from "./setup.mjs";
import { root } from "./workspace.mjs";

setup();

const { status } = spawnSync(
  process.execPath,
  [
    join(root, "node_modules", "vitest", "vitest.mjs"),
    "run",
    "--project",
    "scripts",
    "scripts/arguments/arguments",
    ...process.argv.slice(2),
  ],
  { cwd: root, stdio: "inherit", env: { ...(await swiftShaderEnvironment()), ...process.env, DROPWISE_ARGUMENTS: "long" } },
);
process.exitCode = status ?? 1;
