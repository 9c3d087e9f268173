import { describe, expect, it } from "vitest";
import {
  deadLetters,
  deathOf,
  expectRefusal,
  later,
  message,
  minute,
  newBroker,
  queueBroker,
  second,
  sendTexts,
  takeOne,
  texts,
} from "./fixtures.js";

const notFound = "com.microsoft:message-not-found";

describe("time to live", () => {
  it("SB-62: a time to live above the entity's default is lowered to it without an error", () => {
    const broker = queueBroker({ defaultTimeToLiveMs: minute });
    broker.send("q", [
      message("a", { timeToLiveMs: 5 * minute }),
      message("b", { timeToLiveMs: second }),
      message("c"),
    ]);
    const ends = broker.peek("q", { count: 3 }).map(({ expiresAtMs = 0 }) => expiresAtMs - broker.nowMs);
    expect(ends).toEqual([minute, second, minute]);
  });

  it("SB-63: a topic's smaller time to live wins over the subscription's", () => {
    const broker = newBroker();
    broker.createTopic("t", { defaultTimeToLiveMs: second });
    broker.createSubscription("t", "s", { defaultTimeToLiveMs: minute });
    sendTexts(broker, "t", "a");
    expect(broker.peek("t/Subscriptions/s")[0]?.expiresAtMs).toBe(broker.nowMs + second);
  });

  it("SB-64: an expired message is not delivered, but can be peeked until a receive sweeps it", () => {
    const broker = queueBroker({ defaultTimeToLiveMs: second });
    sendTexts(broker, "q", "a");
    later(broker, second);
    expect(texts(broker.peek("q"))).toEqual(["a"]);
    expect(broker.attachReceiver("q").take(1)).toEqual([]);
    expect(broker.peek("q")).toEqual([]);
  });

  it("SB-65: with an active receiver a message expires on time", () => {
    const broker = queueBroker({ defaultTimeToLiveMs: second });
    const receiver = broker.attachReceiver("q");
    sendTexts(broker, "q", "a");
    later(broker, second - 1);
    expect(broker.getQueue("q").counts.active).toBe(1);
    later(broker, 1);
    expect(broker.getQueue("q").counts.active).toBe(0);
    expect(receiver.take(1)).toEqual([]);
  });

  it("SB-66: a locked message past its time to live can be completed", () => {
    const broker = queueBroker({ defaultTimeToLiveMs: second, deadLetteringOnMessageExpiration: true });
    sendTexts(broker, "q", "a");
    const receiver = broker.attachReceiver("q");
    const delivery = takeOne(receiver);
    later(broker, 2 * second);
    receiver.complete(delivery);
    expect(broker.getQueue("q").counts).toMatchObject({ active: 0, deadLetter: 0 });
  });

  it.each(["abandon", "lock expiry"])("SB-67: past its time to live a message ends at once on %s", (how) => {
    const broker = queueBroker({ defaultTimeToLiveMs: second, deadLetteringOnMessageExpiration: true });
    sendTexts(broker, "q", "a");
    const receiver = broker.attachReceiver("q");
    const delivery = takeOne(receiver);
    if (how === "abandon") {
      later(broker, second);
      receiver.abandon(delivery);
    } else later(broker, minute);
    expect(deathOf(broker).reason).toBe("TTLExpiredException");
  });

  it("SB-68: one expired message expires the other messages of its session, and of no other", () => {
    const broker = queueBroker({ requiresSession: true, deadLetteringOnMessageExpiration: true });
    broker.send("q", [
      message("a", { sessionId: "s" }),
      message("b", { sessionId: "s", timeToLiveMs: second }),
      message("c", { sessionId: "other" }),
    ]);
    broker.acceptSession("q", "s");
    later(broker, second);
    expect(texts(deadLetters(broker)).sort()).toEqual(["a", "b"]);
    expect(texts(broker.peek("q", { count: 9 }))).toEqual(["c"]);
  });

  it("SB-69: deferred messages outlive their time to live", () => {
    const broker = queueBroker({ defaultTimeToLiveMs: second });
    const [number = 0] = sendTexts(broker, "q", "a");
    const receiver = broker.attachReceiver("q");
    receiver.defer(takeOne(receiver));
    later(broker, minute);
    expect(texts(receiver.receiveDeferred([number]))).toEqual(["a"]);
  });
});

describe("schedules", () => {
  it("SB-70: a scheduled message is invisible to receivers until its time, but visible to peek on a queue", () => {
    const broker = queueBroker();
    broker.schedule("q", [message("a", { scheduledEnqueueTimeMs: broker.nowMs + minute })]);
    const receiver = broker.attachReceiver("q");
    let woken = 0;
    receiver.onAvailable(() => (woken += 1));
    expect(texts(broker.peek("q"))).toEqual(["a"]);
    expect(broker.getQueue("q").counts).toMatchObject({ active: 0, scheduled: 1 });
    later(broker, minute - 1);
    expect(woken).toBe(0);
    later(broker, 1);
    expect(woken).toBe(1);
    expect(takeOne(receiver).enqueuedTimeMs).toBe(broker.nowMs);
  });

  it("SB-70: on a topic it is peeked at the topic, not at the subscription", () => {
    const broker = newBroker();
    broker.createTopic("t");
    broker.createSubscription("t", "s");
    broker.schedule("t", [message("a", { scheduledEnqueueTimeMs: broker.nowMs + minute })]);
    expect(texts(broker.peek("t"))).toEqual(["a"]);
    expect(broker.peek("t/Subscriptions/s")).toEqual([]);
    later(broker, minute);
    expect(broker.peek("t")).toEqual([]);
    expect(texts(broker.peek("t/Subscriptions/s"))).toEqual(["a"]);
  });

  it("SB-71: scheduling returns a sequence number, which changes when the message becomes active", () => {
    const broker = queueBroker();
    const [number] = broker.schedule("q", [message("a", { scheduledEnqueueTimeMs: broker.nowMs + minute })]);
    sendTexts(broker, "q", "before");
    later(broker, minute);
    const [, activated] = broker.peek("q", { count: 2 });
    expect(activated?.sequenceNumber).toBeGreaterThan(2);
    expect(activated?.enqueuedSequenceNumber).toBe(number);
  });

  it("SB-72: cancelling before its time removes the message, afterwards it fails", () => {
    const broker = queueBroker();
    const at = broker.nowMs + minute;
    const [a = 0, b = 0] = broker.schedule("q", [
      message("a", { scheduledEnqueueTimeMs: at }),
      message("b", { scheduledEnqueueTimeMs: at }),
    ]);
    broker.cancelScheduled("q", [a]);
    later(broker, minute);
    expect(texts(broker.peek("q", { count: 9 }))).toEqual(["b"]);
    for (const number of [a, b, 999]) {
      expectRefusal(() => {
        broker.cancelScheduled("q", [number]);
      }, notFound);
    }
  });

  it("SB-73: scheduling in the past enqueues at once, at the tail", () => {
    const broker = queueBroker();
    sendTexts(broker, "q", "first");
    broker.schedule("q", [message("a", { scheduledEnqueueTimeMs: broker.nowMs - minute })]);
    expect(texts(broker.attachReceiver("q").take(9))).toEqual(["first", "a"]);
  });

  it("a disabled topic keeps its due messages until it is enabled", () => {
    const broker = newBroker();
    broker.createTopic("t");
    broker.createSubscription("t", "s");
    broker.schedule("t", [message("a", { scheduledEnqueueTimeMs: broker.nowMs + minute })]);
    broker.updateTopic("t", { status: "Disabled" });
    later(broker, 2 * minute);
    expect(broker.peek("t/Subscriptions/s")).toEqual([]);
    broker.updateTopic("t", { status: "Active" });
    later(broker, 0);
    expect(texts(broker.peek("t/Subscriptions/s"))).toEqual(["a"]);
  });
});

describe("deferral and peek", () => {
  it("SB-74: a deferred message is hidden from receives and comes locked by its number", () => {
    const broker = queueBroker();
    const [number = 0] = sendTexts(broker, "q", "a");
    const receiver = broker.attachReceiver("q");
    receiver.defer(takeOne(receiver), { why: "early" });
    later(broker, 10 * minute);
    expect(receiver.take(1)).toEqual([]);
    expect(broker.getQueue("q").counts).toMatchObject({ active: 0, deferred: 1 });
    const [deferred] = receiver.receiveDeferred([number]);
    expect(deferred?.lockedUntilMs).toBe(broker.nowMs + minute);
    expect(deferred?.message.applicationProperties).toEqual({ why: "early" });
    expect(deferred?.state).toBe(1);
  });

  it("SB-75: receiving by number fails for an unknown, an active and a locked message, and locks nothing", () => {
    const broker = queueBroker();
    const [a = 0, b = 0] = sendTexts(broker, "q", "a", "b");
    const receiver = broker.attachReceiver("q");
    receiver.defer(takeOne(receiver));
    expectRefusal(() => receiver.receiveDeferred([a, 999]), notFound);
    expectRefusal(() => receiver.receiveDeferred([a, b]), notFound);
    expect(receiver.receiveDeferred([a])).toHaveLength(1);
    expectRefusal(() => receiver.receiveDeferred([a]), notFound);
  });

  it("SB-76: a deferred message can be abandoned and stays deferred, dead-lettered, and completed", () => {
    const broker = queueBroker();
    const [a = 0, b = 0] = sendTexts(broker, "q", "a", "b");
    const receiver = broker.attachReceiver("q");
    for (const delivery of receiver.take(2)) receiver.defer(delivery);
    const token = (number: number): string =>
      broker.receiveDeferred("q", [number], "peekLock")[0]?.lockToken ?? "";
    broker.settle("q", token(a), { type: "abandon" });
    expect(broker.peek("q")[0]).toMatchObject({ state: 1, deliveryCount: 2 });
    broker.settle("q", token(a), { type: "deadLetter", reason: "Bad" });
    expect(deathOf(broker).reason).toBe("Bad");
    broker.settle("q", token(b), { type: "complete" });
    expect(broker.getQueue("q").counts).toMatchObject({ active: 0, deferred: 0, deadLetter: 1 });
  });

  it("SB-76: when the lock of a deferred message expires it stays deferred", () => {
    const broker = queueBroker();
    const [number = 0] = sendTexts(broker, "q", "a");
    const receiver = broker.attachReceiver("q");
    receiver.defer(takeOne(receiver));
    receiver.receiveDeferred([number]);
    later(broker, minute);
    expect(receiver.take(1)).toEqual([]);
    expect(receiver.receiveDeferred([number])[0]?.deliveryCount).toBe(2);
  });

  it("SB-77: peek starts at a number and ascends; repeated calls continue", () => {
    const broker = queueBroker();
    sendTexts(broker, "q", ..."a b c d e".split(" "));
    const first = broker.peek("q", { count: 2 });
    const next = broker.peek("q", { count: 2, fromSequenceNumber: (first.at(-1)?.sequenceNumber ?? 0) + 1 });
    expect([...texts(first), ...texts(next)]).toEqual(["a", "b", "c", "d"]);
    expect(texts(broker.peek("q", { count: 9, fromSequenceNumber: 2 }))).toEqual(["b", "c", "d", "e"]);
    expect(broker.peek("q", { fromSequenceNumber: 6 })).toEqual([]);
  });

  it("SB-78: peek shows locked messages, without a lock", () => {
    const broker = queueBroker();
    sendTexts(broker, "q", "a");
    takeOne(broker.attachReceiver("q"));
    const [seen] = broker.peek("q");
    expect(seen).toMatchObject({ state: 0 });
    expect(seen).not.toHaveProperty("lockToken");
  });

  it("SB-79: peek shows active as 0, deferred as 1 and scheduled as 2", () => {
    const broker = queueBroker();
    sendTexts(broker, "q", "deferred", "active");
    broker.schedule("q", [message("scheduled", { scheduledEnqueueTimeMs: broker.nowMs + minute })]);
    const receiver = broker.attachReceiver("q");
    receiver.defer(takeOne(receiver));
    const states = broker.peek("q", { count: 9 }).map((seen) => seen.state);
    expect(states).toEqual([1, 0, 2]);
  });
});
