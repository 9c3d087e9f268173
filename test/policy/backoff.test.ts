import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isWaybillError } from "../../src/errors.js";
import { defaultBackoff, delays, exponential, fixed, withHint } from "../../src/policy/backoff.js";
import type { Duration } from "../../src/runtime/duration.js";

const most = (): number => 1 - Number.EPSILON;
const least = (): number => 0;
const firstSix = (backoff: (retry: number, draw: () => number) => number, draw = most): number[] =>
  [1, 2, 3, 4, 5, 6].map((retry) => backoff(retry, draw));

const seconds = (n: number): number => n * 1000;
const unit = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
const anyRetry = fc.oneof(fc.integer({ min: 1, max: 5000 }), fc.double());
const options = fc
  .record({
    firstMs: fc.integer({ min: 1, max: 3_600_000 }),
    moreMs: fc.integer({ min: 0, max: 7_200_000 }),
    floorMs: fc.integer({ min: 0, max: 60_000 }),
    factor: fc.double({ min: 1, max: 1000, noNaN: true }),
  })
  .map(({ firstMs, moreMs, floorMs, factor }) => ({ firstMs, maxMs: firstMs + moreMs, floorMs, factor }));
const ms = (n: number): Duration => `${n}ms`;

describe("exponential back-off", () => {
  it("doubles from ten seconds up to two hours, with full jitter, unless told otherwise", () => {
    expect(firstSix(exponential())).toEqual([10, 20, 40, 80, 160, 320].map(seconds));
    expect(firstSix(exponential(), least)).toEqual([0, 0, 0, 0, 0, 0]);
    expect(exponential()(1000, most)).toBe(seconds(7200));
  });

  it("stays between the floor and the floor plus the maximum, in whole milliseconds, for any retry number", () => {
    fc.assert(
      fc.property(options, anyRetry, unit, ({ firstMs, maxMs, floorMs, factor }, retry, drawn) => {
        for (const jitter of ["full", "none"] as const) {
          const backoff = exponential({
            first: ms(firstMs),
            max: ms(maxMs),
            floor: ms(floorMs),
            factor,
            jitter,
          });
          const delayMs = backoff(retry, () => drawn);
          expect(Number.isInteger(delayMs)).toBe(true);
          expect(delayMs).toBeGreaterThanOrEqual(floorMs);
          expect(delayMs).toBeLessThanOrEqual(floorMs + maxMs);
        }
      }),
    );
  });

  it("never gets shorter with the retry number, for the same draw", () => {
    fc.assert(
      fc.property(
        options,
        fc.integer({ min: 1, max: 2000 }),
        unit,
        ({ firstMs, maxMs, factor }, retry, drawn) => {
          const backoff = exponential({ first: ms(firstMs), max: ms(maxMs), factor });
          expect(backoff(retry + 1, () => drawn)).toBeGreaterThanOrEqual(backoff(retry, () => drawn));
        },
      ),
    );
  });

  it("draws once with jitter and never without", () => {
    let draws = 0;
    const draw = (): number => {
      draws += 1;
      return 0.5;
    };
    expect(exponential({ jitter: "none" })(2, draw)).toBe(seconds(20));
    expect(draws).toBe(0);
    expect(exponential()(2, draw)).toBe(seconds(10));
    expect(draws).toBe(1);
  });

  it("goes beyond what a platform timer takes only when asked to", () => {
    expect(exponential()(1e9, most)).toBeLessThan(2 ** 31);
    expect(exponential({ max: "60d" })(1e9, most)).toBe(60 * 86_400_000);
  });

  it.each([
    ["a first of nothing", { first: "0s" }, "first"],
    ["a maximum below the first", { first: "10m", max: "1m" }, "max"],
    ["a shrinking factor", { factor: 0.5 }, "factor"],
    ["a factor that is no number", { factor: Number.NaN }, "factor"],
    ["an endless factor", { factor: Infinity }, "factor"],
    ["a duration without a unit", { max: "600" as Duration }, "max"],
    ["an unknown jitter", { jitter: "some" as "full" }, "jitter"],
  ] as const)("refuses %s and names the option", (_what, wrong, option) => {
    expect(() => exponential(wrong)).toThrow(expect.toSatisfy(isInvalid(option)));
  });
});

describe("listed delays", () => {
  it("are taken as they stand, the last one for ever", () => {
    expect(firstSix(delays(["10s", "30s", "2m"]), least)).toEqual([10, 30, 120, 120, 120, 120].map(seconds));
  });

  it("are the most of each delay with full jitter", () => {
    expect(firstSix(delays(["10s", "30s"], { jitter: "full" }), () => 0.5).slice(0, 3)).toEqual(
      [5, 15, 15].map(seconds),
    );
  });

  it("by default go from ten seconds to two hours with full jitter", () => {
    expect(firstSix(defaultBackoff)).toEqual([10, 30, 120, 600, 1800, 7200].map(seconds));
    expect(firstSix(defaultBackoff, least)).toEqual([0, 0, 0, 0, 0, 0]);
  });

  it("are refused when there are none, or one is no duration", () => {
    expect(() => delays([])).toThrow(expect.toSatisfy(isInvalid("delays")));
    expect(() => delays(["10s", "soon" as Duration])).toThrow(expect.toSatisfy(isInvalid("delays[1]")));
  });
});

describe("a fixed delay", () => {
  it("is the same before every retry", () => {
    expect(firstSix(fixed("90s"))).toEqual([90, 90, 90, 90, 90, 90].map(seconds));
    expect(fixed("0s")(1, most)).toBe(0);
  });
});

describe("a hint of the remote side", () => {
  it.each([
    ["is the least wait", 1000, 5000, 5000],
    ["does not shorten a longer wait", 9000, 5000, 9000],
    ["counts up to fifteen minutes", 1000, 10 * 365 * 86_400_000, 900_000],
    ["counts up to fifteen minutes even when endless", 1000, Infinity, 900_000],
    ["leaves the wait alone when absent", 1000, undefined, 1000],
    ["leaves the wait alone when it is no number", 1000, Number.NaN, 1000],
    ["leaves the wait alone when negative", 1000, -1, 1000],
  ])("%s", (_what, delayMs, hintMs, expected) => {
    expect(withHint(delayMs, hintMs)).toBe(expected);
  });

  it("may be given another bound", () => {
    expect(withHint(0, 5000, 2000)).toBe(2000);
  });
});

const isInvalid = (option: string) => (error: unknown) =>
  isWaybillError(error) && error.code === "invalidOption" && error.message.startsWith(`${option} is `);
