import { describe, expect, it } from "vitest";
import {
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

describe("forwarding", () => {
  it("SB-111: messages go to the destination at once, from queues and subscriptions", () => {
    const broker = queueBroker();
    broker.createQueue("front", { forwardTo: "q" });
    broker.createTopic("t");
    broker.createSubscription("t", "s", { forwardTo: "q" });
    sendTexts(broker, "front", "a");
    sendTexts(broker, "t", "b");
    expect(texts(broker.peek("q", { count: 9 }))).toEqual(["a", "b"]);
    expect(broker.peek("front")).toEqual([]);
    expectRefusal(() => broker.attachReceiver("front"), "amqp:not-allowed", /auto-forwarding enabled/);
  });

  it("SB-111: a missing destination refuses creation, and sessions refuse forwarding", () => {
    const broker = queueBroker();
    const condition = "com.microsoft:argument-error";
    expectRefusal(() => broker.createQueue("a", { forwardTo: "none" }), condition, /does not exist/);
    expectRefusal(() => broker.createQueue("a", { forwardDeadLetteredMessagesTo: "none" }), condition);
    expectRefusal(
      () => broker.createQueue("a", { forwardTo: "q", requiresSession: true }),
      condition,
      /sessions/,
    );
  });

  it("SB-111: a forwarded message wakes the destination's receivers and goes through a topic's rules", () => {
    const broker = newBroker();
    broker.createTopic("t");
    const filter = { type: "correlation", subject: "x" } as const;
    broker.createSubscription("t", "s", { rules: [{ name: "r", filter }] });
    broker.createQueue("front", { forwardTo: "t" });
    const receiver = broker.attachReceiver("t/Subscriptions/s");
    const got: string[] = [];
    receiver.onAvailable(() => got.push(...texts(receiver.take(9))));
    broker.send("front", [message("no"), message("yes", { subject: "x" })]);
    expect(got).toEqual(["yes"]);
  });

  it("SB-112: with a full destination messages wait at the origin, in order, and move when there is room", () => {
    const broker = queueBroker({ maxSizeBytes: 100 });
    broker.createQueue("front", { forwardTo: "q" });
    const big = (text: string): ReturnType<typeof message> => message(text.repeat(60), { messageId: text });
    broker.send("front", [big("a"), big("b"), message("c", { messageId: "c" })]);
    expect(broker.getQueue("front").counts.active).toBe(2);
    const receiver = broker.attachReceiver("q");
    receiver.complete(takeOne(receiver));
    expect(broker.getQueue("front").counts.active).toBe(0);
    expect(texts(receiver.take(9)).map((text) => text[0])).toEqual(["b", "c"]);
  });

  it("SB-112: a destination that is disabled for sends is still forwarded to", () => {
    const broker = queueBroker();
    broker.createQueue("front", { forwardTo: "q" });
    broker.updateQueue("q", { status: "SendDisabled" });
    sendTexts(broker, "front", "a");
    expect(broker.getQueue("q").counts.active).toBe(1);
  });
});

describe("batch delete and purge", () => {
  it("SB-115: batch delete removes unlocked messages that were enqueued before the cut-off, up to the tier's limit", () => {
    const broker = queueBroker();
    sendTexts(broker, "q", "a", "b", "c");
    takeOne(broker.attachReceiver("q"));
    later(broker, second);
    const cutOff = broker.nowMs - 1;
    sendTexts(broker, "q", "d");
    expect(broker.batchDelete("q", { maxCount: 1, beforeEnqueueTimeMs: cutOff })).toBe(1);
    expect(texts(broker.peek("q", { count: 9 }))).toEqual(["a", "c", "d"]);
    expect(broker.batchDelete("q", { maxCount: 500, beforeEnqueueTimeMs: cutOff })).toBe(1);
    expect(texts(broker.peek("q", { count: 9 }))).toEqual(["a", "d"]);
    expectRefusal(() => broker.batchDelete("q", { maxCount: 501 }), "com.microsoft:argument-out-of-range");
    const premium = newBroker({ tier: "premium" });
    premium.createQueue("q");
    expect(premium.batchDelete("q", { maxCount: 4_000 })).toBe(0);
  });

  it("SB-116: purge leaves locked messages", () => {
    const broker = queueBroker({ defaultTimeToLiveMs: minute });
    sendTexts(broker, "q", ..."a b c d e f".split(" "));
    const receiver = broker.attachReceiver("q");
    const [a, b, c] = receiver.take(3);
    if (a === undefined || b === undefined || c === undefined) throw new Error("three are there");
    receiver.abandon(b);
    receiver.defer(c);
    expect(broker.purge("q")).toBe(5);
    receiver.complete(a);
    expect(receiver.take(9)).toEqual([]);
    expect(broker.getQueue("q")).toMatchObject({ counts: { active: 0, deferred: 0 }, sizeBytes: 0 });
    expect(broker.nextDueMs()).toBeUndefined();
  });
});
