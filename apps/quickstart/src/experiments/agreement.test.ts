import { describe, expect, it } from "vitest";
import { type Agreement, alikeFor, describeAgreement, relativeDifference } from "./agreement";

const backend = (name: string, alikeEpochs: number, { early = 1e-7, sameMask = true } = {}): Agreement => ({
  name,
  alikeEpochs,
  earlyDifference: early,
  sameMask,
});
const words = (others: Agreement[], { epochs = 400, rounding = null as Parameters<typeof describeAgreement>[1]["rounding"] } = {}) =>
  describeAgreement(others, { reference: "cpu", epochs, rounding }).join(" ");

describe("alikeFor", () => {
  it.each([
    ["equal losses", [1, 2, 3], [1, 2, 3], 3],
    ["losses that are off in the last digits", [1, 2.0000001, 3], [1, 2, 3], 3],
    ["losses that part", [1, 2, 3.004, 3], [1, 2, 3, 3], 2],
    ["losses that differ from the first on", [1.1, 2], [1, 2], 0],
    ["losses that are no numbers", [1, Number.NaN], [1, 2], 1],
    ["losses near 0", [1e-9, 1e-10], [0, 0], 2],
  ])("counts the epochs of %s", (_name, losses, reference, epochs) => {
    expect(alikeFor(losses, reference)).toBe(epochs);
  });

  it("measures by the size of the reference's", () => {
    expect(relativeDifference(2.02, 2)).toBeCloseTo(0.01, 9);
    expect(relativeDifference(1e-9, 0)).toBeCloseTo(1e-3, 9);
  });
});

describe("what is said of backends", () => {
  it("is that they agree, if they do", () => {
    expect(words([backend("wasm", 30), backend("native", 30)], { epochs: 30 })).toBe(
      "The same seed gives the same mask, bit for bit, on all of them. The losses of all 30 epochs are the same to within 0.001 of their size.",
    );
  });

  it("is that rounding has grown, if losses part late", () => {
    const said = words([backend("wasm", 400), backend("native", 70)], { rounding: { trainings: 3, partedIn: 119 } });
    expect(said).toContain("for all 400 epochs on wasm and for the first 70 on native. What comes then is rounding");
    expect(said).toContain("So does cpu by itself: with inputs changed in the last bit, one of 3 trainings parted in epoch 119.");
    expect(said).not.toContain("DIFFER");
    expect(words([backend("native", 70)], { rounding: { trainings: 1, partedIn: 71 } })).toContain("a training parted in epoch 71");
  });

  it("does not say that cpu does the same if it did not", () => {
    expect(words([backend("native", 70)], { rounding: { trainings: 5, partedIn: null } })).toContain("none of 5 trainings");
  });

  it("is that they differ, if losses do in the first epochs, or masks", () => {
    const said = words([backend("wasm", 400), backend("gpu", 400, { early: 2e-4 })]);
    expect(said).toContain(
      "THE LOSSES DIFFER on gpu: by 2e-4 of their size in the first epochs, where rounding alone makes less than 1e-5.",
    );
    expect(said).not.toContain("are the same to within");
    expect(words([backend("gpu", 1, { early: Number.NaN })])).toContain("THE LOSSES DIFFER on gpu");
    expect(words([backend("gpu", 400, { sameMask: false })])).toContain("THE MASK DIFFERS on gpu.");
  });
});
