import { describe, expect, test } from "vitest";
import { isNewEnough, publishArguments } from "./publish.mjs";

describe("npm publish", () => {
  test("signs where the workflow is, and nowhere else", () => {
    expect(publishArguments("a.tgz", "0.1.0", { dryRun: false, inWorkflow: true })).toContain("--provenance");
    expect(publishArguments("a.tgz", "0.1.0", { dryRun: false, inWorkflow: false })).not.toContain("--provenance");
  });

  test("makes a release the latest, and what comes before one the next", () => {
    expect(publishArguments("a.tgz", "1.0.0", { dryRun: false, inWorkflow: true })).toContain("--tag=latest");
    expect(publishArguments("a.tgz", "1.0.0-rc.1", { dryRun: false, inWorkflow: true })).toContain("--tag=next");
  });

  test("changes nothing in a rehearsal", () => {
    expect(publishArguments("a.tgz", "0.1.0", { dryRun: true, inWorkflow: false })).toContain("--dry-run");
    expect(publishArguments("a.tgz", "0.1.0", { dryRun: false, inWorkflow: false })).not.toContain("--dry-run");
  });

  test("needs npm 11.5.1, which knows the workflow without a token", () => {
    expect(["11.5.1", "11.5.2", "11.6.0", "12.0.0"].every(isNewEnough)).toBe(true);
    expect(["11.5.0", "11.4.9", "10.9.9", ""].some(isNewEnough)).toBe(false);
  });
});
