import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { ADDONS, PLATFORMS } from "../packages/addon/addons.mjs";
import { faultsOf, missingChecks } from "./workflows.mjs";
import { root } from "./workspace.mjs";

const CHECKOUT = "actions/checkout@de0fac2e4500dabe0009e67214ff5f5447ce83dd";
const GOOD = `name: Test
on: push
permissions:
  contents: read
jobs:
  job:
    runs-on: ubuntu-24.04
    timeout-minutes: 5
    steps:
      - uses: ${CHECKOUT} # v6.0.2
        with:
          persist-credentials: false
      - run: echo "$NAME"
        env:
          NAME: \${{ github.event.issue.title }}
`;

/** What is said of the good workflow once a part of it has been replaced. */
async function messages(part = "", replacement = ""): Promise<string> {
  expect(GOOD).toContain(part);
  return (await faultsOf("test.yml", GOOD.replace(part, replacement))).map(({ message }) => message).join("\n");
}

describe("the rules for workflows", () => {
  test("find nothing in one that keeps them", async () => {
    expect(await messages()).toBe("");
  });

  test.each([
    [
      "an action by tag",
      `${CHECKOUT} # v6.0.2`,
      "actions/checkout@v6",
      /expected a commit of 40 hexadecimal digits, got actions\/checkout@v6/,
    ],
    ["a short commit", `${CHECKOUT} # v6.0.2`, "actions/checkout@de0fac2 # v6.0.2", /expected a commit of 40/],
    ["a commit without its version", " # v6.0.2", "", /expected the version as a comment/],
    ["a version that does not say which", " # v6.0.2", " # v6", /expected the version as a comment/],
    ["credentials left in the checkout", "persist-credentials: false", "fetch-depth: 0", /persist-credentials: false/],
    ["no permissions", "permissions:\n  contents: read\n", "", /expected permissions on top that only read/],
    ["the right to write for every job", "  contents: read", "  contents: write # why not", /expected permissions on top that only read/],
    ["all rights", "permissions:\n  contents: read", "permissions: write-all", /got write-all/],
    [
      "the right to write without a reason",
      "    timeout-minutes: 5",
      "    timeout-minutes: 5\n    permissions:\n      issues: write",
      /says what "issues: write"/,
    ],
    [
      "an identity outside of an environment",
      "    timeout-minutes: 5",
      "    timeout-minutes: 5\n    permissions:\n      id-token: write # for npm",
      /expected an environment/,
    ],
    ["no time limit", "    timeout-minutes: 5\n", "", /expected timeout-minutes/],
    ["a machine that does not exist", "ubuntu-24.04", "ubuntu-24.4", /expected one of ubuntu-24\.04,.* got "ubuntu-24\.4"/],
    ["an expression in a program", 'echo "$NAME"', `echo \${{ github.ref_name }}`, /expected no expression in a program/],
    ["what actionlint knows: a job that is not there", "    timeout-minutes: 5", "    timeout-minutes: 5\n    needs: other", /other/],
    ["what is no YAML", "steps:", "steps: [", /./],
  ])("find %s", async (_, part, replacement, message) => {
    expect(await messages(part, replacement)).toMatch(message);
  });
});

describe("CI", () => {
  test("is found to lack a check that .ci/run has", () => {
    const script = 'check "types" npm run --silent types\ncheck "packs" npm run test:pack\nif npm test; then';
    expect(missingChecks(script, "- run: npm run types\n- run: npm test -- a")).toEqual(["test:pack"]);
    expect(missingChecks(script, "- run: npm run types\n- run: npm run test:pack\n- run: npm test")).toEqual([]);
  });
});

describe("the release", () => {
  const { jobs } = parse(readFileSync(join(root, ".github/workflows/release.yml"), "utf8")) as {
    jobs: Record<string, { permissions: Record<string, string>; strategy?: { matrix: { include: { platform: string }[] } } }>;
  };

  test("builds an addon for each platform that there are packages for", () => {
    expect(jobs.addon?.strategy?.matrix.include.map(({ platform }) => platform).sort()).toEqual([...PLATFORMS].sort());
  });

  test.skipIf(process.platform === "win32").each(PLATFORMS)("tests and packages every addon that there is for %s", (platform) => {
    const folder = mkdtempSync(join(tmpdir(), "workflows-"));
    for (const name of ["npm", "node"]) writeFileSync(join(folder, name), `#!/bin/sh\necho ${name} "$@"\n`, { mode: 0o755 });
    const env = { ...process.env, PATH: `${folder}:${process.env.PATH}` };
    const { stdout, stderr } = spawnSync("sh", [join(root, ".github/scripts/addon.sh"), platform], { encoding: "utf8", env });
    rmSync(folder, { recursive: true });
    expect(stderr).toBe("");
    const [, tests, ...packaged] = stdout.trim().split("\n");
    const names = ADDONS.flatMap(({ name, platforms }) => (platforms.includes(platform) ? [name] : []));
    expect(tests?.match(/@dropwise\/\S+/g)).toEqual(["@dropwise/core", ...names]);
    const scriptOf = (name: string) => `${name.replace("@dropwise", "packages")}/scripts/platform-package.mjs`;
    expect(packaged).toEqual(names.map((name) => `node ${scriptOf(name)} ${platform}`));
  });

  test("identifies itself in the job that publishes alone, which may write nothing", () => {
    const identified = Object.entries(jobs).filter(([, { permissions }]) => "id-token" in permissions);
    expect(identified.map(([name]) => name)).toEqual(["publish"]);
    expect(jobs.publish?.permissions).toEqual({ contents: "read", "id-token": "write" });
  });
});
