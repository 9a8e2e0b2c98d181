import { describe, expect, test } from "vitest";
import { entryOf, NOTHING_OF_ITS_OWN, releaseNotes, withFilledEntry } from "./changelog.mjs";

const CHANGELOG = "# a\n\n## 0.2.0\n\n### Minor Changes\n\n- New.\n\n## 0.1.0\n\n- First.\n";

describe("a change log", () => {
  test("has an entry for each version, up to the next heading of the same rank", () => {
    expect(entryOf(CHANGELOG, "0.2.0")).toBe("### Minor Changes\n\n- New.");
    expect(entryOf(CHANGELOG, "0.1.0")).toBe("- First.");
  });

  test("has none for a version that is only part of another's number", () => {
    expect(entryOf(CHANGELOG, "0.2")).toBeUndefined();
    expect(entryOf("", "0.1.0")).toBeUndefined();
  });

  test("says so where a package is released for the sake of the others", () => {
    const filled = withFilledEntry("# a\n\n## 0.2.0\n\n## 0.1.0\n\n- First.\n", "0.2.0");
    expect(filled).toBe(`# a\n\n## 0.2.0\n\n${NOTHING_OF_ITS_OWN}\n\n## 0.1.0\n\n- First.\n`);
    expect(withFilledEntry("# a\n\n## 0.1.0\n", "0.1.0")).toBe(`# a\n\n## 0.1.0\n\n${NOTHING_OF_ITS_OWN}\n`);
  });

  test("is left alone where it says something, and where the version is not there", () => {
    expect(withFilledEntry(CHANGELOG, "0.2.0")).toBe(CHANGELOG);
    expect(withFilledEntry(CHANGELOG, "0.3.0")).toBe(CHANGELOG);
  });
});

describe("the text of a release", () => {
  test("has what each package says, and leaves out those that say nothing", () => {
    const packages = [
      { name: "a", changelog: CHANGELOG },
      { name: "b", changelog: withFilledEntry("# b\n\n## 0.2.0\n", "0.2.0") },
      { name: "c", changelog: "" },
    ];
    expect(releaseNotes(packages, "0.2.0")).toBe("## a\n\n### Minor Changes\n\n- New.\n");
  });
});
