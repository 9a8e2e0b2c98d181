import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { swiftShaderEnvironment } from "../packages/backend-webgpu/test/support/swiftshader.mjs";
import { root } from "../scripts/workspace.mjs";
import { expectedLines } from "./testing/blocks.mjs";
import { typeErrors } from "./testing/check-types";
import { allExamples } from "./testing/examples";
import { runBlock } from "./testing/run-block";

const examples = allExamples();

// What the programs need to find a GPU in software, and the addon, which lies beside the package and not beside the bundled program.
Object.assign(process.env, await swiftShaderEnvironment(), {
  DROPWISE_NATIVE_PATH: join(root, "packages/backend-native/build/Release/dropwise.node"),
});

const required = (process.env.DROPWISE_REQUIRE ?? "").split(",");

/** Registers tests, and so is no program; the conformance package's own tests run it. */
const programs = examples.filter(({ place }) => !place.startsWith("packages/conformance/src/describe-backend.ts:"));

describe("examples in the sources", () => {
  test.for(programs)("$place runs and prints what its comments say", async (example, { skip }) => {
    const { lines, errors, status } = await runBlock(example);
    // A machine without a GPU driver has no WebGPU; where one must be there, `DROPWISE_REQUIRE` says so.
    const unavailable = /BackendUnavailableError: (\w+): .*/.exec(errors);
    if (unavailable !== null && !required.includes(unavailable[1] as string)) skip(unavailable[0]);
    expect(status, errors).toBe(0);
    expect(lines).toEqual(expectedLines(example));
    expect(lines.length, "an example that shows nothing").toBeGreaterThan(0);
  });

  test("have no type errors", () => {
    expect(typeErrors(examples)).toEqual([]);
  });

  test("are found in core and in every backend that was built", () => {
    const packages = new Set(examples.map(({ place }) => place.split("/")[1]));
    expect([...packages]).toEqual(expect.arrayContaining(["core", "backend-wasm", "backend-webgpu", "conformance"]));
    expect(examples.length).toBeGreaterThan(40);
  });
});
