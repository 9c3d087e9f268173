import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Envelope } from "../../src/message/envelope.js";
import { attemptsBefore, historyWhenPutBack, retryCopy } from "../../src/policy/attempts.js";
import type { Delivery } from "../../src/transport/transport.js";
import { delivery } from "../consume/deliveries.js";

/** What becomes of a delivery: `spent` says whether its run counts as an attempt. */
type Fate =
  | { readonly kind: "crash" }
  | { readonly kind: "putBack"; readonly spent: boolean; readonly brokerCounts: boolean }
  | { readonly kind: "copy"; readonly spent: boolean };

const fate: fc.Arbitrary<Fate> = fc.oneof(
  fc.record({ kind: fc.constant("crash" as const) }),
  fc.record({ kind: fc.constant("putBack" as const), spent: fc.boolean(), brokerCounts: fc.boolean() }),
  fc.record({ kind: fc.constant("copy" as const), spent: fc.boolean() }),
);

/** The next delivery of the message, as a broker that counts deliveries makes it. */
function next(now: Delivery, fate: Fate): Delivery {
  const { envelope, deliveryCount } = now;
  const attempts = attemptsBefore(now) + (fate.kind !== "crash" && fate.spent ? 1 : 0);
  const spent = { attempts, firstFailedAt: undefined };
  switch (fate.kind) {
    case "crash":
      return again(envelope, deliveryCount + 1);
    case "putBack": {
      const history = historyWhenPutBack(now, spent, fate.brokerCounts);
      return again({ ...envelope, history }, fate.brokerCounts ? deliveryCount + 1 : deliveryCount);
    }
    case "copy": {
      const copy = retryCopy(envelope, now.broker, { spent, nowMs: 0, delayMs: 0, addressedTo: undefined });
      if (copy === undefined) throw new Error("a message without a time to live does not expire");
      return again(copy, 1);
    }
  }
}

const again = (envelope: Envelope, deliveryCount: number): Delivery => ({
  ...delivery(),
  envelope,
  deliveryCount,
});

describe("the attempts of a message", () => {
  it("are the runs that counted and the crashes, on whatever way it came here", () => {
    fc.assert(
      fc.property(fc.array(fate, { maxLength: 30 }), (fates) => {
        let now = delivery({ id: "m-1" });
        let expected = 0;
        const brokerIds = new Set<string | undefined>();
        for (const each of fates) {
          now = next(now, each);
          if (each.kind === "crash" || each.spent) expected += 1;
          expect(attemptsBefore(now)).toBe(expected);
          expect(now.envelope.id).toBe("m-1");
          if (each.kind === "copy") {
            expect(brokerIds).not.toContain(now.envelope.brokerId);
            brokerIds.add(now.envelope.brokerId);
          }
        }
      }),
      { numRuns: 1000 },
    );
  });
});
