import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DedupWindow } from "../../../adapters/memory/broker/dedup-window.js";
import { later, message, queueBroker, textOf } from "./fixtures.js";

type Step =
  | { readonly do: "send"; readonly ids: readonly string[]; readonly inMs: number | undefined }
  | { readonly do: "take"; readonly max: number }
  | { readonly do: "pass"; readonly ms: number };

const windowMs = 20_000;
const id = fc.integer({ min: 0, max: 150 }).map((number) => `m${String(number)}`);
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    {
      weight: 5,
      arbitrary: fc.record({
        do: fc.constant("send" as const),
        ids: fc.array(id, { minLength: 1, maxLength: 30 }),
        inMs: fc.option(fc.constantFrom(1, 5000, 60_000), { nil: undefined }),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({ do: fc.constant("take" as const), max: fc.integer({ min: 1, max: 40 }) }),
    },
    {
      weight: 3,
      arbitrary: fc.record({
        do: fc.constant("pass" as const),
        ms: fc.constantFrom(1, 999, 7000, 19_999, 20_000),
      }),
    },
  ),
  { minLength: 10, maxLength: 60 },
);

/** The model looks through everything that was ever stored. */
function wasStoredWithin(
  stored: readonly { readonly id: string; readonly atMs: number }[],
  id: string,
  nowMs: number,
) {
  return stored.some((each) => each.id === id && nowMs < each.atMs + windowMs);
}

describe("duplicate detection", () => {
  it("stores a message unless one with its id was stored within the window, whatever became of that", () => {
    fc.assert(
      fc.property(steps, (run) => {
        const broker = queueBroker({
          requiresDuplicateDetection: true,
          duplicateDetectionWindowMs: windowMs,
        });
        const receiver = broker.attachReceiver("q", { mode: "receiveAndDelete" });
        const stored: { readonly id: string; readonly atMs: number }[] = [];
        const received: string[] = [];
        for (const step of run) {
          const { nowMs } = broker;
          if (step.do === "pass") later(broker, step.ms);
          else if (step.do === "take") received.push(...receiver.take(step.max).map(textOf));
          else {
            const { inMs } = step;
            const messages = step.ids.map((messageId) => message(messageId, { messageId }));
            if (inMs === undefined) broker.send("q", messages);
            else
              broker.schedule(
                "q",
                messages.map((each) => ({ ...each, scheduledEnqueueTimeMs: nowMs + inMs })),
              );
            for (const each of step.ids) {
              if (!wasStoredWithin(stored, each, nowMs)) stored.push({ id: each, atMs: nowMs });
            }
          }
        }
        later(broker, 60_000);
        for (let taken = receiver.take(100); taken.length > 0; taken = receiver.take(100)) {
          received.push(...taken.map(textOf));
        }
        expect(received.sort()).toEqual(stored.map((each) => each.id).sort());
      }),
      { numRuns: 200 },
    );
  });

  it("knows exactly the ids of its window, however many there are and however they collide", () => {
    // Few characters at few places: many ids, neighbours in the table, and some that come again.
    const text = fc.string({ unit: fc.constantFrom("a", "b", "c", "é", "\u{1f4e6}"), maxLength: 5 });
    const arrival = fc.record({ id: text, afterMs: fc.constantFrom(0, 0, 0, 1, 7) });
    fc.assert(
      fc.property(
        fc.array(arrival, { minLength: 200, maxLength: 800, size: "max" }),
        fc.nat(900),
        (all, length) => {
          const window = new DedupWindow(length);
          let stored: { readonly id: string; readonly atMs: number }[] = [];
          let nowMs = 0;
          for (const { id: each, afterMs } of all) {
            nowMs += afterMs;
            stored = stored.filter(({ atMs }) => nowMs < atMs + length);
            const known = stored.some((one) => one.id === each);
            expect(window.seenBefore(each, nowMs)).toBe(known);
            if (!known) stored.push({ id: each, atMs: nowMs });
          }
        },
      ),
      { numRuns: 100 },
    );
  });
});
