import { describe, expect, it } from "vitest";
import { deadLetterRecord } from "../../../../adapters/memory/broker/notifier/dead-letter.js";
import { createNotifier } from "../../../../adapters/memory/broker/notifier/notifier.js";
import type {
  PullDelivery,
  PullSubscription,
} from "../../../../adapters/memory/broker/notifier/pull-subscription.js";
import { cloudEvent, hour, minute, pullStage, second, startMs } from "./fixtures.js";

const ids = (deliveries: readonly PullDelivery[]): readonly string[] => deliveries.map((one) => one.eventId);
const tokens = (deliveries: readonly PullDelivery[]): readonly string[] =>
  deliveries.map((one) => one.lockToken);
const takeOne = (subscription: PullSubscription): string =>
  subscription.take()[0]?.lockToken ?? "nothing to take";

describe("receiving from a pull subscription", () => {
  it("EG-41: receive gives 1 event by default, waits 60 s by default and replies with nothing after that", () => {
    const stage = pullStage();
    const replies: (readonly string[])[] = [];
    const held: (readonly PullDelivery[])[] = [];
    const reply = (deliveries: readonly PullDelivery[]): void => {
      held.push(deliveries);
      replies.push(ids(deliveries));
    };
    stage.publish("a", "b");
    stage.notifier.receive(stage.subscription, {}, reply);
    stage.notifier.receive(stage.subscription, { maxEvents: 100 }, reply);
    expect(replies).toEqual([["a"], ["b"]]);
    stage.subscription.acknowledge(held.flatMap(tokens));

    stage.notifier.receive(stage.subscription, {}, reply);
    stage.notifier.receive(stage.subscription, { maxWaitSeconds: 10 }, reply);
    stage.at(10 * second);
    expect(replies.slice(2)).toEqual([[]]);
    stage.at(59 * second);
    expect(replies).toHaveLength(3);
    stage.at(60 * second);
    expect(replies.slice(3)).toEqual([[]]);
  });

  it("EG-41: a receive that waits replies with nothing when its time is over", () => {
    const stage = pullStage();
    const replies: (readonly string[])[] = [];
    stage.notifier.receive(stage.subscription, {}, (deliveries) => void replies.push(ids(deliveries)));
    stage.at(60 * second - 1);
    expect(replies).toEqual([]);
    stage.at(60 * second);
    stage.publish("late");
    expect(replies).toEqual([[]]);
  });

  it("EG-41: a receive given up by its caller takes nothing", () => {
    const stage = pullStage();
    const giveUp = stage.notifier.receive(stage.subscription, {}, () => {
      throw new Error("replied");
    });
    giveUp();
    stage.publish("a");
    stage.at(60 * second);
    expect(stage.subscription.counts).toEqual({ ready: 1, locked: 0, delayed: 0 });
  });

  it.each([
    { maxEvents: 0 },
    { maxEvents: 101 },
    { maxEvents: 1.5 },
    { maxWaitSeconds: 9 },
    { maxWaitSeconds: 121 },
  ])("EG-41: receive refuses %o", (options) => {
    const stage = pullStage();
    const receive = () => stage.notifier.receive(stage.subscription, options, () => undefined);
    expect(receive).toThrow(expect.objectContaining({ condition: "badRequest" }));
  });

  it("EG-42: the delivery count starts at 1 and rises with every receive", () => {
    const stage = pullStage();
    stage.publish("a");
    const counts = [1, 2, 3].map(() => {
      const [delivery] = stage.subscription.take();
      stage.subscription.release([delivery?.lockToken ?? ""]);
      return delivery?.deliveryCount;
    });
    expect(counts).toEqual([1, 2, 3]);
  });

  it("EG-43: a received event is hidden from others for 60 s, and then available again", () => {
    const stage = pullStage();
    stage.publish("a");
    expect(stage.subscription.take()[0]?.lockedUntilMs).toBe(startMs + minute);
    expect(stage.subscription.take()).toEqual([]);
    stage.at(minute - 1);
    expect(stage.subscription.take()).toEqual([]);
    stage.at(minute);
    expect(ids(stage.subscription.take())).toEqual(["a"]);
  });

  it("EG-43: the lock lasts as long as the subscription says, 60 to 300 s", () => {
    const stage = pullStage({ receiveLockDurationMs: 300_000 });
    stage.publish("a");
    stage.subscription.take();
    stage.at(300_000 - 1);
    expect(stage.subscription.counts.locked).toBe(1);
    stage.at(300_000);
    expect(stage.subscription.counts.ready).toBe(1);
    for (const receiveLockDurationMs of [59_999, 300_001]) {
      expect(() => pullStage({ receiveLockDurationMs })).toThrow("receiveLockDurationMs must be");
    }
  });

  it("EG-53: two subscriptions get independent copies", () => {
    const stage = pullStage();
    const other = stage.notifier.createPullSubscription("orders", "billing");
    stage.publish("a", "b");
    stage.subscription.acknowledge(tokens(stage.subscription.take(2)));
    expect(stage.subscription.counts.ready).toBe(0);
    expect(ids(other.take(10))).toEqual(["a", "b"]);
  });

  it("EG-53: what a publisher changes after publishing does not reach a subscription", () => {
    const stage = pullStage();
    const data = { cents: 1 };
    stage.notifier.publishEvents("orders", [cloudEvent("a", { data })]);
    data.cents = 2;
    expect(JSON.parse(stage.subscription.take()[0]?.eventJson ?? "")).toMatchObject({ data: { cents: 1 } });
  });
});

describe("settling a pulled event", () => {
  it("EG-44: acknowledge removes the event", () => {
    const stage = pullStage();
    stage.publish("a");
    const token = takeOne(stage.subscription);
    expect(stage.subscription.acknowledge([token])).toEqual({
      succeededLockTokens: [token],
      failedLockTokens: [],
    });
    expect(stage.subscription.counts).toEqual({ ready: 0, locked: 0, delayed: 0 });
    expect(stage.notifier.nextDueMs()).toBeUndefined();
    expect(stage.letters).toEqual([]);
  });

  it("EG-45: release takes a delay of 0, 10, 60, 600 or 3600 seconds and no other", () => {
    const stage = pullStage();
    for (const delay of [0, 10, 60, 600, 3600]) {
      expect(stage.subscription.release([], delay).failedLockTokens).toEqual([]);
    }
    for (const delay of [1, -10, 3601, NaN]) {
      expect(() => stage.subscription.release([], delay)).toThrow("releaseDelayInSeconds must be one of");
    }
  });

  it.each([0, 10, 60, 600, 3600])(
    "EG-46: an event released with a delay of %d s returns after it",
    (delay) => {
      const stage = pullStage();
      stage.publish("a");
      stage.subscription.release([takeOne(stage.subscription)], delay);
      if (delay > 0) {
        expect(stage.subscription.counts).toEqual({ ready: 0, locked: 0, delayed: 1 });
        stage.at(delay * second - 1);
        expect(stage.subscription.take()).toEqual([]);
      }
      stage.at(delay * second);
      expect(stage.subscription.take()[0]?.deliveryCount).toBe(2);
    },
  );

  it("EG-47: reject dead-letters the event", () => {
    const stage = pullStage();
    stage.publish("a");
    stage.at(5 * second);
    stage.subscription.reject([takeOne(stage.subscription)]);
    expect(stage.letters.map(deadLetterRecord)).toEqual([
      {
        deadLetterProperties: {
          deadletterreason: "Undeliverable due to client error",
          deliveryattempts: 1,
          deliveryresult: "Rejected",
          publishutc: "2026-01-01T00:00:00.000Z",
          deliveryattemptutc: "2026-01-01T00:00:05.000Z",
        },
        event: cloudEvent("a"),
      },
    ]);
  });

  it("EG-47: reject drops the event of a subscription without a dead-letter sink", () => {
    const notifier = createNotifier({ startMs });
    notifier.createTopic("orders");
    const subscription = notifier.createPullSubscription("orders", "audit");
    notifier.publishEvents("orders", [cloudEvent("a")]);
    expect(subscription.reject([takeOne(subscription)]).succeededLockTokens).toHaveLength(1);
    expect(subscription.counts).toEqual({ ready: 0, locked: 0, delayed: 0 });
  });

  it("EG-48: an unknown token fails alone; the other tokens of the call succeed", () => {
    const stage = pullStage();
    const other = stage.notifier.createPullSubscription("orders", "billing");
    stage.publish("a", "b");
    const [first = "", second = ""] = tokens(stage.subscription.take(2));
    const foreign = takeOne(other);
    const forged = `${first}0000`;
    const results = stage.subscription.acknowledge([first, "no token", foreign, forged, second]);
    expect(results.succeededLockTokens).toEqual([first, second]);
    expect(results.failedLockTokens.map(({ lockToken, error }) => [lockToken, error.code])).toEqual([
      ["no token", "BadToken"],
      [foreign, "BadToken"],
      [forged, "TokenLost"],
    ]);
  });

  it.each(["acknowledge", "release", "reject", "renewLock"] as const)(
    "EG-49: %s with a token that expired fails with TokenLost",
    (operation) => {
      const stage = pullStage();
      stage.publish("a");
      const lockToken = takeOne(stage.subscription);
      stage.at(minute);
      const lost = { lockToken, error: { code: "TokenLost", message: "Token has expired." } };
      expect(stage.subscription[operation]([lockToken])).toEqual({
        succeededLockTokens: [],
        failedLockTokens: [lost],
      });
      const next = takeOne(stage.subscription);
      expect(stage.subscription[operation]([lockToken]).failedLockTokens).toEqual([lost]);
      expect(stage.subscription.acknowledge([next]).succeededLockTokens).toEqual([next]);
      expect(stage.subscription.acknowledge([next]).failedLockTokens[0]?.error.code).toBe("TokenLost");
    },
  );

  it("EG-50: renew extends the lock, and is refused later than one hour after the first receive", () => {
    const stage = pullStage({ receiveLockDurationMs: 5 * minute });
    stage.publish("a");
    const token = takeOne(stage.subscription);
    for (let at = 4 * minute; at <= hour; at += 4 * minute) {
      stage.at(at);
      expect(stage.subscription.renewLock([token]).succeededLockTokens).toEqual([token]);
    }
    stage.at(hour + 1);
    expect(stage.subscription.renewLock([token]).failedLockTokens[0]?.error.message).toContain("one hour");
    stage.at(hour + 5 * minute - 1);
    expect(stage.subscription.counts.locked).toBe(1);
    stage.at(hour + 5 * minute);
    expect(stage.subscription.counts).toEqual({ ready: 1, locked: 0, delayed: 0 });
  });
});

describe("giving a pulled event up", () => {
  it.each(["release", "lock expiry"])(
    "EG-51: after maxDeliveryCount receives, %s dead-letters the event",
    (way) => {
      const stage = pullStage({ maxDeliveryCount: 3 });
      stage.publish("a");
      for (let receive = 1; receive <= 3; receive++) {
        const token = takeOne(stage.subscription);
        if (way === "release") stage.subscription.release([token]);
        else stage.at(receive * minute);
      }
      expect(stage.subscription.counts).toEqual({ ready: 0, locked: 0, delayed: 0 });
      expect(stage.letters).toMatchObject([
        { eventId: "a", reason: "Maximum delivery attempts was exceeded.", deliveryAttempts: 3 },
      ]);
    },
  );

  it("EG-51: maxDeliveryCount is 10 by default and at most 10", () => {
    const stage = pullStage();
    stage.publish("a");
    for (let receive = 1; receive <= 10; receive++) stage.subscription.release([takeOne(stage.subscription)]);
    expect(stage.letters).toMatchObject([{ deliveryAttempts: 10 }]);
    expect(() => pullStage({ maxDeliveryCount: 11 })).toThrow("maxDeliveryCount must be");
  });

  it("EG-52: an event is given up at the end of its time to live, or of the retention of 7 days", () => {
    const week = 7 * 24 * hour;
    const short = pullStage({ eventTimeToLiveMs: hour });
    short.publish("a");
    short.at(hour - 1);
    expect(short.subscription.counts.ready).toBe(1);
    short.at(hour);
    expect(short.subscription.counts.ready).toBe(0);
    expect(short.letters).toMatchObject([{ reason: "Time to live was exceeded.", deliveryAttempts: 0 }]);

    const long = pullStage();
    long.publish("a");
    long.at(week - 1);
    expect(long.subscription.counts.ready).toBe(1);
    long.at(week);
    expect(long.subscription.counts.ready).toBe(0);
    expect(() => pullStage({ eventTimeToLiveMs: week + 1 })).toThrow("eventTimeToLiveMs must be");
  });

  it("EG-52: a locked event outlives its time to live until its lock ends", () => {
    const stage = pullStage({ eventTimeToLiveMs: 90 * second });
    stage.publish("a", "b");
    stage.at(60 * second);
    const [first = ""] = tokens(stage.subscription.take(2));
    stage.at(100 * second);
    expect(stage.subscription.acknowledge([first]).succeededLockTokens).toEqual([first]);
    stage.at(120 * second);
    expect(stage.letters).toMatchObject([{ eventId: "b", reason: "Time to live was exceeded." }]);
  });
});

describe("waiting for events of a pull subscription", () => {
  it("wakes waiters once, in their order of arrival, while events are available", () => {
    const stage = pullStage();
    const woken: string[] = [];
    for (const name of ["first", "second", "third"]) {
      stage.subscription.onAvailable(() => {
        woken.push(name);
        stage.subscription.take();
      });
    }
    stage.publish("a", "b");
    expect(woken).toEqual(["first", "second"]);
    stage.publish("c", "d");
    expect(woken).toEqual(["first", "second", "third"]);
  });

  it("wakes at once when an event is available, and after a lock ends", () => {
    const stage = pullStage();
    const woken: number[] = [];
    const waitAgain = (): void => {
      for (const delivery of stage.subscription.take()) woken.push(delivery.deliveryCount);
      stage.subscription.onAvailable(waitAgain);
    };
    stage.publish("a");
    stage.subscription.onAvailable(waitAgain);
    expect(woken).toEqual([1]);
    stage.at(minute);
    expect(woken).toEqual([1, 2]);
  });

  it("survives a long backlog taken one by one from the wake-up", () => {
    const stage = pullStage();
    stage.notifier.publishEvents(
      "orders",
      Array.from({ length: 1_000 }, (_, index) => cloudEvent(String(index))),
    );
    for (let batch = 1; batch < 20; batch++) {
      stage.notifier.publishEvents(
        "orders",
        Array.from({ length: 1_000 }, (_, index) => cloudEvent(`${batch}-${index}`)),
      );
    }
    let taken = 0;
    const drain = (): void => {
      taken += stage.subscription.take().length;
      stage.subscription.onAvailable(drain);
    };
    stage.subscription.onAvailable(drain);
    expect(taken).toBe(20_000);
  });

  it("forgets a waiter that cancelled, and does not loop for one that waits again without taking", () => {
    const stage = pullStage();
    let woken = 0;
    const wait = (): void => {
      woken += 1;
      stage.subscription.onAvailable(wait);
    };
    stage.subscription.onAvailable(() => (woken += 100))();
    stage.subscription.onAvailable(wait);
    stage.publish("a");
    expect(woken).toBe(1);
  });

  it("wakes those who wait when the subscription is deleted, and take says so", () => {
    const stage = pullStage();
    let woken = 0;
    stage.subscription.onAvailable(() => (woken += 1));
    stage.publish();
    stage.notifier.deleteSubscription("orders", "audit");
    expect(woken).toBe(1);
    expect(() => stage.subscription.take()).toThrow(expect.objectContaining({ condition: "notFound" }));
  });
});
