import { describe, expect, it } from "vitest";
import type { Measured, Sample } from "./sample.js";
import { soak } from "./soak.js";
import { heapBoundKb, reportOf, slopeOf } from "./verdict.js";

const steady = (change: (round: number) => Partial<Sample> = () => ({})): Measured => ({
  samples: Array.from({ length: 20 }, (_, round) => ({
    messages: round * 1_000,
    minutes: round / 10,
    // What a collection leaves differs a little each time.
    heapKb: 50_000 + ((round * 7) % 5) * 20,
    rssKb: 100_000,
    handles: { Timeout: 10 + (round % 2), TCPSocketWrap: 4 },
    listeners: 9,
    ...change(round),
  })),
  cycles: { count: 10, before: { Timeout: 1 }, after: { Timeout: 1 } },
});

const failuresOf = (measured: Measured): string => reportOf(measured).failures.join("; ");

describe("the verdict of a soak", () => {
  it("is good when nothing grows", () => {
    expect(failuresOf(steady())).toBe("");
  });

  it("knows the slope of a line, whatever one point says, and in what bounds it is", () => {
    const line = Array.from({ length: 12 }, (_, x) => [x, 5 + 2 * x] as const);
    expect(slopeOf(line)).toEqual({ slope: 2, least: 2, most: 2 });
    const off = line.map(([x, y]) => [x, x === 6 ? 1_000 : y] as const);
    expect(slopeOf(off).slope).toBe(2);
    const noise = [0, 3, -2, 5, -4, 1, 4, -1, 2, -3, 0.5, -0.5];
    const noisy = slopeOf(line.map(([x, y]) => [x, y + (noise[x] ?? 0)] as const));
    expect(noisy.slope).toBeCloseTo(2, 0);
    expect(noisy.least).toBeLessThan(2);
    expect(noisy.most).toBeGreaterThan(2);
    expect(() => slopeOf([[1, 1]])).toThrow(RangeError);
  });

  it("is good when the heap only jumps up and down", () => {
    const noise = [0, 140, -90, 60, -130, 30, 110, -60, 20, -20];
    expect(failuresOf(steady((round) => ({ heapKb: 50_000 + (noise[round % 10] ?? 0) })))).toBe("");
  });

  it("is bad when the heap grows by more than the bound and than chance", () => {
    expect(failuresOf(steady((round) => ({ heapKb: 50_000 + 2 * heapBoundKb * round })))).toMatch(
      /the heap grows/,
    );
    expect(failuresOf(steady((round) => ({ heapKb: 50_000 + (heapBoundKb / 2) * round })))).toBe("");
  });

  it("is bad when handles or listeners grow", () => {
    expect(failuresOf(steady((round) => ({ handles: { Timeout: 10 + round } })))).toMatch(
      /handles grow: Timeout/,
    );
    expect(failuresOf(steady((round) => ({ listeners: round })))).toMatch(/listeners grow/);
  });

  it("is bad when the handles of closed services are not given back", () => {
    const cycles = { count: 10, before: { Timeout: 1 }, after: { Timeout: 1, TCPSocketWrap: 1 } };
    expect(failuresOf({ ...steady(), cycles })).toBe(
      "after 10 lives of services: TCPSocketWrap 0 before, 1 after",
    );
  });

  it("finds memory and timers that a handler leaks", async () => {
    const failures = failuresOf(await soak({ rounds: 14, roundMs: 100, rate: 500, cycles: 0, leak: true }));
    expect(failures).toMatch(/the heap grows/);
    expect(failures).toMatch(/handles grow: Timeout/);
  });
});
