import { describe, expect, it } from "vitest";
import type { SeedResult } from "./comparison";
import { describeSummary, summarize } from "./verdict";

/** Results with the given test accuracies, in points, without and with dropout, and as many test losses. */
const results = (...pairs: [without: number, dropped: number, lossWithout?: number, lossDropped?: number][]): SeedResult[] =>
  pairs.map(([without, dropped, lossWithout = 1, lossDropped = 1], i) => ({
    seed: BigInt(i),
    without: { train: 1, test: without / 100, testLoss: lossWithout },
    with: { train: 0.95, test: dropped / 100, testLoss: lossDropped, leftOn: 0.6 },
  }));

const words = (list: SeedResult[], labelNoise = 0): string =>
  describeSummary(summarize(list), { seeds: list.length, labelNoise }).join(" ");

describe("the verdict on dropout follows from the numbers", () => {
  it("says that it helped", () => {
    const list = results([70, 74], [71, 74], [70, 75]);
    expect(summarize(list).accuracy).toEqual({
      outcome: "helped",
      wins: 3,
      gain: expect.closeTo(0.04, 9),
      error: expect.closeTo(0.00577, 5),
    });
    expect(words(list)).toContain(
      "Dropout helped: the test accuracy is 4.0 points higher on average (standard error 0.6, higher for 3 of 3 seeds).",
    );
  });

  it("says that it hurt", () => {
    const list = results([74, 70], [74, 71], [75, 70]);
    expect(summarize(list).accuracy.outcome).toBe("hurt");
    expect(words(list)).toMatch(/did not help here, it hurt: the test accuracy is 4\.0 points lower .* higher for 0 of 3/);
  });

  it("asks for more from fewer seeds", () => {
    const gains = results([70, 72], [70, 73]); // five standard errors from 0, which two values reach by chance
    expect(summarize(gains).accuracy.outcome).toBe("unclear");
    expect(summarize([...gains, ...gains, ...gains]).accuracy.outcome).toBe("helped");
  });

  it("says that nothing is clear", () => {
    const list = results([70, 74], [74, 70], [70, 71]);
    expect(summarize(list).accuracy.outcome).toBe("unclear");
    expect(words(list)).toMatch(/No clear effect .* 0\.3 points higher on average/);
    expect(words(results([70, 70], [71, 71]))).toMatch(/No clear effect .* the same on average/);
  });

  it("draws no conclusion from one seed", () => {
    const list = results([70, 74, 2, 1]);
    expect(summarize(list)).toMatchObject({ accuracy: { outcome: "unclear", error: null }, loss: { outcome: "unclear", error: null } });
    expect(words(list)).toContain("4.0 points higher. One seed says little");
    expect(words(list)).toMatch(
      /As for the answers' probabilities, .* is 1\.000 with dropout and 2\.000 without, lower for 1 of 1 seeds\./,
    );
  });

  it("judges the loss by itself: it may tell what the accuracy does not", () => {
    const better = results([70, 71, 2, 1], [71, 70, 2.1, 1.1], [70, 70, 2.2, 1]);
    expect(summarize(better)).toMatchObject({
      accuracy: { outcome: "unclear" },
      loss: { outcome: "helped", wins: 3, gain: expect.closeTo(1.0667, 4) },
    });
    expect(words(better)).toMatch(/made the answers' probabilities better: .* is 1\.033 with dropout and 2\.100 without, lower for 3 of 3/);
    const worse = results([70, 71, 1, 2], [71, 70, 1.1, 2.1], [70, 70, 1, 2.2]);
    expect(words(worse)).toMatch(/probabilities worse: .* lower for 0 of 3 seeds\./);
    expect(words(results([70, 70, 1, 2], [70, 70, 2, 1]))).toMatch(/As for .* lower for 1 of 2 seeds: no clear effect\./);
  });

  it("speaks of learned mistakes only where labels are known to be wrong and the model got them", () => {
    const list = results([70, 74], [71, 74]);
    expect(words(list, 0.2)).toContain("gets 100% of its training labels, though 20% of them are wrong");
    expect(words(list, 0)).not.toContain("by heart");
    const [first] = list as [SeedResult];
    expect(words([{ ...first, without: { ...first.without, train: 0.81 } }], 0.2)).not.toContain("by heart");
  });

  it("says what becomes of a model whose eval() is forgotten", () => {
    expect(words(results([70, 74]))).toContain("dropout gives 60% of the test rows the right class instead of 74%");
  });
});
