import { describe, expect, it } from "vitest";
import { Activity } from "../../src/runtime/activity.js";

describe("activity", () => {
  it("is busy with what runs and does not wait", () => {
    const activity = new Activity();
    const work = activity.begin(() => "a");
    activity.begin(() => "b");
    const unpark = activity.park(work);
    expect(activity).toMatchObject({ running: 2, busy: 1, begun: 2 });
    unpark();
    expect(activity.busy).toBe(2);
    activity.end(work);
    expect(activity).toMatchObject({ running: 1, busy: 1, begun: 2 });
    expect(activity.describe()).toEqual(["b"]);
  });

  it("counts two waits of one piece as one, so that they hide no other piece", () => {
    const activity = new Activity();
    const work = activity.begin(() => "two sleeps at once");
    activity.begin(() => "busy");
    const unparks = [activity.park(work), activity.park(work)];
    expect(activity.busy).toBe(1);
    unparks[0]?.();
    expect(activity.busy).toBe(1);
    unparks[1]?.();
    expect(activity.busy).toBe(2);
  });

  it("forgets the waits of a piece that has ended", () => {
    const activity = new Activity();
    const work = activity.begin(() => "settled while it sleeps");
    const unpark = activity.park(work);
    activity.end(work);
    activity.begin(() => "busy");
    expect(activity.busy).toBe(1);
    unpark();
    activity.park(work);
    expect(activity.busy).toBe(1);
  });

  it("takes an end and the end of a wait once", () => {
    const activity = new Activity();
    const work = activity.begin(() => "a");
    const unpark = activity.park();
    unpark();
    unpark();
    expect(activity.busy).toBe(1);
    activity.end(work);
    activity.end(work);
    expect(activity).toMatchObject({ running: 0, busy: 0 });
  });

  it("wakes who waits for idleness when the last busy piece ends or parks", async () => {
    const activity = new Activity();
    await activity.whenIdle();
    const woken: string[] = [];
    const pieces = ["a", "b"].map((name) => activity.begin(() => name));
    const idle = activity.whenIdle().then(() => woken.push("idle"));
    activity.end(pieces[0]!);
    await Promise.resolve();
    expect(woken).toEqual([]);
    activity.park(pieces[1]);
    await idle;
    expect(woken).toEqual(["idle"]);
  });
});
