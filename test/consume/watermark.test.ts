import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Watermark } from "../../src/consume/watermark.js";
import { delivery } from "./deliveries.js";

describe("the watermark of a partition", () => {
  it("rises only when everything before is done", () => {
    const watermark = new Watermark();
    const [a, b, c] = ["1", "2", "3"].map((id) => delivery({ id, lane: "0" }));
    if (a === undefined || b === undefined || c === undefined) throw new Error("three deliveries");
    for (const each of [a, b, c]) watermark.accept(each);
    expect(watermark.done(b)).toBeUndefined();
    expect(watermark.done(a)).toEqual({ upTo: b, events: 2 });
    expect(watermark.done(c)).toEqual({ upTo: c, events: 1 });
  });

  it("knows nothing of a partition that was given up", () => {
    const watermark = new Watermark();
    const event = delivery({ lane: "0" });
    watermark.accept(event);
    watermark.forget("0");
    expect(watermark.done(event)).toBeUndefined();
  });

  it("never passes an event that is not done, in whatever order events are done", () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.integer({ min: 0, max: 30 }), { maxLength: 31 }),
        fc.integer({ min: 1, max: 31 }),
        (order, size) => {
          const watermark = new Watermark();
          const events = Array.from({ length: size }, (_, at) => delivery({ id: String(at), lane: "0" }));
          for (const event of events) watermark.accept(event);
          const done = new Set<number>();
          let reached = 0;
          for (const at of order) {
            const event = events[at];
            if (event === undefined) continue;
            done.add(at);
            const progress = watermark.done(event);
            if (progress === undefined) continue;
            const upTo = Number(progress.upTo.envelope.id);
            for (let n = 0; n <= upTo; n += 1) expect(done.has(n)).toBe(true);
            expect(upTo + 1 - reached).toBe(progress.events);
            reached = upTo + 1;
          }
          expect(done.has(reached)).toBe(false);
        },
      ),
    );
  });
});
