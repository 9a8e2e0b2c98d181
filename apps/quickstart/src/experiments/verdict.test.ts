import { describe, expect, it } from "vitest";
import type { OverfitResult } from "./overfit";
import { describeSummary, summarize } from "./verdict";

/** Results with the given test accuracies, in points, without and with dropout. */
const results = (...pairs: [without: number, dropped: number][]): OverfitResult[] =>
  pairs.map(([without, dropped], i) => ({
    seed: BigInt(i),
    without: { train: 1, test: without / 100 },
    with: { train: 0.95, test: dropped / 100 },
  }));

const words = (list: OverfitResult[], labelNoise = 0): string => describeSummary(summarize(list), { seeds: list.length, labelNoise });

describe("the verdict on dropout follows from the numbers", () => {
  it("says that it helped", () => {
    const list = results([70, 74], [71, 74], [70, 75]);
    expect(summarize(list)).toMatchObject({
      outcome: "helped",
      wins: 3,
      gain: expect.closeTo(0.04, 9),
      gainError: expect.closeTo(0.00577, 5),
    });
    expect(words(list)).toContain(
      "Dropout helped: the test accuracy is 4.0 points higher on average (standard error 0.6, higher for 3 of 3 seeds).",
    );
    expect(words(list)).toContain("Training minus test accuracy: 29.7 points without dropout, 20.7 with it.");
  });

  it("says that it hurt", () => {
    const list = results([74, 70], [74, 71], [75, 70]);
    expect(summarize(list).outcome).toBe("hurt");
    expect(words(list)).toMatch(/did not help here, it hurt: the test accuracy is 4\.0 points lower .* higher for 0 of 3/);
  });

  it("asks for more from fewer seeds", () => {
    const gains = results([70, 72], [70, 73]); // five standard errors from 0, which two values reach by chance
    expect(summarize(gains).outcome).toBe("unclear");
    expect(summarize([...gains, ...gains, ...gains]).outcome).toBe("helped");
  });

  it("says that nothing is clear", () => {
    const list = results([70, 74], [74, 70], [70, 71]);
    expect(summarize(list).outcome).toBe("unclear");
    expect(words(list)).toMatch(/No clear effect .* 0\.3 points higher on average/);
    expect(words(results([70, 70], [71, 71]))).toMatch(/No clear effect .* the same on average/);
  });

  it("draws no conclusion from one seed", () => {
    const list = results([70, 74]);
    expect(summarize(list)).toMatchObject({ outcome: "unclear", gainError: null });
    expect(words(list)).toContain("4.0 points higher. One seed says little");
  });

  it("speaks of learned mistakes only where labels are known to be wrong and the model got them", () => {
    const list = results([70, 74], [71, 74]);
    expect(words(list, 0.2)).toContain("gets 100% of its training labels, though 20% of them are wrong");
    expect(words(list, 0)).not.toContain("by heart");
    expect(words([{ ...(list[0] as OverfitResult), without: { train: 0.81, test: 0.7 } }], 0.2)).not.toContain("by heart");
  });
});
