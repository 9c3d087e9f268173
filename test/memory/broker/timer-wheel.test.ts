import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { notArmed, TimerWheel, type TimerNode } from "../../../adapters/memory/broker/timer-wheel.js";

interface Node extends TimerNode<Node> {
  readonly name: number;
}

const node = (name: number): Node => ({
  name,
  dueMs: 0,
  timerSlot: notArmed,
  timerPrev: undefined,
  timerNext: undefined,
});

const names = 12;
const startMs = 0;
const day = 24 * 60 * 60 * 1_000;
const delay = fc.oneof(
  fc.integer({ min: -5, max: 70 }),
  fc.integer({ min: 0, max: 100_000 }),
  fc.integer({ min: 0, max: 60 * day }),
);
const step = fc.oneof(
  fc.record({ op: fc.constant("arm" as const), name: fc.nat(names - 1), delay }),
  fc.record({ op: fc.constant("cancel" as const), name: fc.nat(names - 1) }),
  fc.record({ op: fc.constant("advance" as const), delay }),
);

describe("timer wheel", () => {
  it("fires every deadline at its time, in order of time and then of arming, like a sorted list", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80, size: "max" }), (steps) => {
        const wheel = new TimerWheel<Node>();
        const nodes = Array.from({ length: names }, (_, name) => node(name));
        let armed: { name: number; dueMs: number }[] = [];
        let nowMs = startMs;
        for (const each of steps) {
          const subject = "name" in each ? nodes[each.name] : undefined;
          if (each.op !== "advance") armed = armed.filter(({ name }) => name !== each.name);
          if (each.op === "arm" && subject !== undefined) {
            wheel.arm(subject, nowMs + each.delay);
            armed.push({ name: each.name, dueMs: Math.max(nowMs + each.delay, nowMs) });
          } else if (each.op === "cancel" && subject !== undefined) wheel.cancel(subject);
          else if (each.op === "advance") {
            nowMs = Math.max(nowMs, nowMs + each.delay);
            const due = armed.filter(({ dueMs }) => dueMs <= nowMs).sort((a, b) => a.dueMs - b.dueMs);
            armed = armed.filter(({ dueMs }) => dueMs > nowMs);
            const fired: { name: number; dueMs: number }[] = [];
            wheel.advanceTo(nowMs, ({ name }) => fired.push({ name, dueMs: wheel.nowMs() }));
            expect(fired).toEqual(due);
          }
          const next = armed.length === 0 ? undefined : Math.min(...armed.map(({ dueMs }) => dueMs));
          const told = wheel.nextDueMs();
          expect(wheel.nowMs()).toBe(nowMs);
          // Beyond the horizon of 12 days it may tell an earlier time, never a later one.
          if (next !== undefined && next - nowMs > 12 * day) expect(told).toBeLessThanOrEqual(next);
          else expect(told).toBe(next);
        }
      }),
      { numRuns: 500 },
    );
  });

  it("fires in the same call what a firing node arms for a time that has come", () => {
    const wheel = new TimerWheel<Node>();
    const [first, second] = [node(1), node(2)];
    const fired: [number, number][] = [];
    wheel.arm(first, startMs + 10);
    wheel.advanceTo(startMs + 100, (due) => {
      fired.push([due.name, wheel.nowMs() - startMs]);
      if (due === first) wheel.arm(second, wheel.nowMs() + 25);
    });
    expect(fired).toEqual([
      [1, 10],
      [2, 35],
    ]);
  });

  it("never tells a time that is too late when very many deadlines are far away", () => {
    const wheel = new TimerWheel<Node>();
    for (let name = 0; name < 1_000; name += 1) wheel.arm(node(name), startMs + 60_000 - name);
    const told = wheel.nextDueMs() ?? Infinity;
    expect(told).toBeGreaterThan(startMs);
    expect(told).toBeLessThanOrEqual(startMs + 59_001);
  });
});
