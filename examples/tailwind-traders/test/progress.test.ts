import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { openProgress, Stalled } from "../job/progress.js";

describe("progress", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  const count = { now: 0 };
  const goal = { what: "orders", have: () => count.now, want: () => 2 };

  it("looks when something happened, and is there when every goal is reached", async () => {
    count.now = 0;
    const progress = openProgress(1000);
    let reached = false;
    const waiting = progress.until(goal).then(() => (reached = true));
    count.now = 1;
    progress.noted();
    await Promise.resolve();
    expect(reached).toBe(false);
    count.now = 2;
    progress.noted();
    await waiting;
    expect(vi.getTimerCount()).toBe(0);
  });

  it("does not wait for goals that are reached already", async () => {
    count.now = 3;
    await openProgress(1000).until(goal);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("gives up after a silence and names what is missing; what happens before prolongs it", async () => {
    count.now = 0;
    const progress = openProgress(1000);
    const waiting = expect(progress.until(goal)).rejects.toThrow(
      new Stalled("nothing has happened for 1 s; still missing: orders: 1 of 2"),
    );
    vi.advanceTimersByTime(900);
    count.now = 1;
    progress.noted();
    vi.advanceTimersByTime(900);
    expect(vi.getTimerCount()).toBe(1);
    vi.advanceTimersByTime(100);
    await waiting;
  });
});
