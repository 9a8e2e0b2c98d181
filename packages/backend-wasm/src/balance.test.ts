import { describe, expect, test } from "vitest";
import { Balance } from "./balance";

/** How many calls of one millisecond are computed alone before one may be shared again. */
function alone(balance: Balance): number {
  let calls = 0;
  while (!balance.allows(1)) calls++;
  return calls;
}

describe("the balance of shared calls", () => {
  test("allows sharing at first, and as long as nothing is lost", () => {
    const balance = new Balance();
    expect(alone(balance)).toBe(0);
    for (let i = 0; i < 10; i++) balance.settle(0.5);
    expect(alone(balance)).toBe(0);
  });

  test("has a loss made up for with twenty times as much work alone, once", () => {
    const balance = new Balance();
    balance.settle(-0.5);
    expect(alone(balance)).toBe(10);
    expect(alone(balance)).toBe(0);
  });

  test("forgives a loss that was gained before", () => {
    const balance = new Balance();
    balance.settle(3);
    balance.settle(-2);
    expect(alone(balance)).toBe(0);
    balance.settle(-2);
    expect(alone(balance)).toBe(20);
  });

  test("bounds what is put by, so that a processor that became busy is noticed soon", () => {
    const balance = new Balance();
    for (let i = 0; i < 1000; i++) balance.settle(5);
    balance.settle(-20);
    expect(alone(balance)).toBe(0);
    balance.settle(-1);
    expect(alone(balance)).toBe(20);
  });

  test("bounds what one loss costs, so that a page that slept for a minute shares again soon", () => {
    const balance = new Balance();
    balance.settle(-60_000);
    expect(alone(balance)).toBe(400);
  });
});
