import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { climb, ground, type Finding, type Rung, type Step } from "../../src/supervise/ladder.js";

const times = { gapMs: 10_000, longestGapMs: 60_000 };
const sure: Finding = { kind: "waits", sure: true };
const unsure: Finding = { kind: "waits", sure: false };
const silent: Finding = { kind: "silent" };
const failing: Finding = { kind: "failing" };

/** The steps of one finding that is found whenever a step may be taken. */
function steps(finding: Finding, count: number): readonly Step[] {
  let at: Rung = ground;
  return Array.from({ length: count }, () => {
    const next = climb(at, finding, Math.max(0, at.nextMs), () => 0.5, times);
    at = next.at;
    return next.step;
  });
}

describe("the ladder", () => {
  it.each<readonly [string, Finding, readonly Step[]]>([
    ["a message certainly waits", sure, ["link", "client", "client", "exhausted", "client", "client"]],
    ["another consumer may have it", unsure, ["link", "client", "link", "link", "link", "link"]],
    ["the service does not answer", silent, ["client", "client", "client", "client", "client", "client"]],
    ["receives fail", failing, ["client", "client", "client", "client", "client", "client"]],
  ])("when %s", (_, finding, expected) => {
    expect(steps(finding, expected.length)).toEqual(expected);
  });

  it("waits longer after each step, up to a minute; up to ten where another consumer may have the message", () => {
    const pauses = (finding: Finding): readonly number[] => {
      let at: Rung = ground;
      let nowMs = 0;
      return Array.from({ length: 8 }, () => {
        at = climb(at, finding, nowMs, () => 0.999_999, times).at;
        const pause = Math.round((at.nextMs - nowMs) / 1_000);
        nowMs = at.nextMs;
        return pause;
      });
    };
    expect(pauses(sure)).toEqual([20, 40, 60, 60, 60, 60, 60, 60]);
    expect(pauses(unsure)).toEqual([20, 40, 80, 160, 320, 600, 600, 600]);
  });

  it("takes at most one step per gap, exhausts only by what is sure, and begins anew after progress", () => {
    const finding = fc.constantFrom<Finding>({ kind: "moving" }, sure, unsure, silent, failing);
    const look = fc.record({
      finding,
      laterMs: fc.nat(120_000),
      draw: fc.double({ min: 0, max: 0.999, noNaN: true }),
    });
    fc.assert(
      fc.property(fc.array(look, { maxLength: 60 }), (looks) => {
        // The model: when the last step was, and how many there were since the last progress.
        let [nowMs, lastMs, since, exhausted] = [0, -Infinity, 0, false];
        let at: Rung = ground;
        for (const { finding: found, laterMs, draw } of looks) {
          nowMs += laterMs;
          const next = climb(at, found, nowMs, () => draw, times);
          at = next.at;
          if (found.kind === "moving") {
            [lastMs, since, exhausted] = [-Infinity, 0, false];
            expect(next).toEqual({ at: ground, step: "none" });
            continue;
          }
          if (next.step === "none") continue;
          expect(nowMs - lastMs).toBeGreaterThanOrEqual(times.gapMs);
          if (next.step === "exhausted") {
            expect([found, since >= 3, exhausted]).toEqual([sure, true, false]);
            exhausted = true;
          }
          expect(at.exhausted).toBe(exhausted);
          since += 1;
          lastMs = nowMs;
        }
      }),
    );
  });
});
