import { describe, expect, it } from "vitest";
import { attemptsBefore, historyWhenPutBack, retryCopy } from "../../src/policy/attempts.js";
import { delivery } from "../consume/deliveries.js";

const nothingSpent = { attempts: 0, firstFailedAt: undefined };

describe("the attempts of a message", () => {
  it.each([
    ["a first delivery", {}, 0],
    ["a third delivery after two crashes", { deliveryCount: 3 }, 2],
    ["a retry copy", { history: { attempts: 4 } }, 4],
    ["a retry copy that crashed once", { history: { attempts: 4 }, deliveryCount: 2 }, 5],
    ["a message put back without an attempt", { history: { uncounted: 2 }, deliveryCount: 3 }, 0],
  ])("are those spent before: %s", (_name, sketch, spent) => {
    expect(attemptsBefore(delivery(sketch))).toBe(spent);
  });

  it.each([true, false])("stay the same when a message is put back (broker counts: %s)", (counts) => {
    for (const deliveryCount of [1, 2, 5]) {
      for (const attempts of [0, 3]) {
        const before = delivery({ deliveryCount });
        const history = historyWhenPutBack(before, { attempts, firstFailedAt: undefined }, counts);
        const after = delivery({ history, deliveryCount: counts ? deliveryCount + 1 : deliveryCount });
        expect(attemptsBefore(after)).toBe(attempts);
      }
    }
  });
});

describe("a retry copy", () => {
  const plan = {
    spent: { attempts: 2, firstFailedAt: "2026-01-01T00:00:00.000Z" },
    nowMs: 1000,
    delayMs: 500,
    addressedTo: undefined,
  };

  it("keeps the stable id and gets a broker id of its own, which is the same when the step is repeated", () => {
    const { envelope, broker } = delivery({ id: "m-1" });
    const copy = retryCopy(envelope, broker, plan);
    expect(copy?.id).toBe("m-1");
    expect(copy?.brokerId).not.toBe("m-1");
    expect(retryCopy(envelope, broker, plan)).toEqual(copy);
  });

  it("gets another broker id than the copy before it", () => {
    const { envelope, broker } = delivery({ id: "m-1" });
    const first = retryCopy(envelope, broker, plan);
    const second = first && retryCopy(first, broker, plan);
    expect(second?.brokerId).not.toBe(first?.brokerId);
  });

  it("lives no longer than the original would have lived", () => {
    const { envelope, broker } = delivery({ ttlMs: 10_000, enqueuedAtMs: 0 });
    expect(retryCopy(envelope, broker, plan)?.ttlMs).toBe(8500);
  });

  it("lives no longer than its channel lets a message live that says nothing itself", () => {
    const { envelope, broker } = delivery({ enqueuedAtMs: 0 });
    expect(retryCopy(envelope, broker, { ...plan, channelTtlMs: 10_000 })?.ttlMs).toBe(8500);
  });

  it("is not made for a message that expires before", () => {
    const { envelope, broker } = delivery({ ttlMs: 1500, enqueuedAtMs: 0 });
    expect(retryCopy(envelope, broker, plan)).toBeUndefined();
  });

  it("carries the attempts and forgets what concerned the old copy alone", () => {
    const { envelope, broker } = delivery({ history: { uncounted: 3 } });
    expect(retryCopy(envelope, broker, plan)?.history).toEqual({
      attempts: 2,
      firstFailedAt: plan.spent.firstFailedAt,
    });
    expect(retryCopy(envelope, broker, { ...plan, spent: nothingSpent })?.history).toEqual({});
  });

  it("is addressed to the one subscription that asked for it", () => {
    const { envelope, broker } = delivery();
    expect(retryCopy(envelope, broker, { ...plan, addressedTo: "billing" })?.history.addressedTo).toBe(
      "billing",
    );
  });
});
