import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { linePence } from "../services/line-pence.js";

describe("the pence of a line", () => {
  it.each([
    [6, "2.55", 1530],
    [1, "1.005", 101],
    [1, "1.0049", 100],
    [3, "0.005", 2],
    [1, "0.004", 0],
    [4, "0.333", 133],
    [2, "10", 2000],
    [1, "007.10", 710],
    [1, "10000000000.01", undefined],
    [1, "0", undefined],
    [1, "0.000", undefined],
    [1, "-1", undefined],
    [1, "1,5", undefined],
    [1, ".5", undefined],
    [1, "1.", undefined],
    [1, "", undefined],
  ])("%d × %s is %s", (quantity, price, pence) => {
    expect(linePence(quantity, price)).toBe(pence);
  });

  it("is never more than half a penny off, and a half goes up", () => {
    const prices = fc.tuple(fc.integer({ min: 1, max: 99_999 }), fc.integer({ min: 0, max: 999 }));
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 10_000 }), prices, (quantity, [whole, thousandths]) => {
        const pence = linePence(quantity, `${whole}.${String(thousandths).padStart(3, "0")}`);
        // Whole numbers of thousandths of a pound stay exact here.
        const exact = quantity * (whole * 1000 + thousandths);
        expect(pence).toBe(Math.floor((exact + 5) / 10));
      }),
    );
  });
});
