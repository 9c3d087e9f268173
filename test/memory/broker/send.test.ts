import { describe, expect, it } from "vitest";
import {
  expectRefusal,
  later,
  message,
  minute,
  newBroker,
  queueBroker,
  sendTexts,
  takeOne,
  texts,
} from "./fixtures.js";

const bytes = (length: number): { readonly body: Uint8Array } => ({ body: new Uint8Array(length) });
const sizeExceeded = "amqp:link:message-size-exceeded";
const kib = 1024;

describe("sending and sizes", () => {
  it("SB-11: in the standard tier a message above 256 KiB with its properties is rejected", () => {
    const broker = queueBroker();
    broker.send("q", [{ ...bytes(256 * kib - 100), messageId: "m".repeat(100) }]);
    const tooBig = { ...bytes(256 * kib - 100), messageId: "m".repeat(101) };
    expectRefusal(() => broker.send("q", [tooBig]), sizeExceeded, /exceeds the limit \(262144 bytes\)/);
  });

  it("SB-11: text is measured in UTF-8 bytes where it matters", () => {
    const broker = queueBroker();
    const limit = 256 * kib;
    broker.send("q", [{ ...bytes(limit - 16), messageId: "a", subject: "é€😀", to: "12345" }]);
    expectRefusal(
      () => broker.send("q", [{ ...bytes(limit - 16), messageId: "a", subject: "é€😀", to: "1234567" }]),
      sizeExceeded,
    );
  });

  it("SB-12: in the premium tier the entity's own limit counts, 1 MiB by default and 100 MiB at most", () => {
    const broker = newBroker({ tier: "premium" });
    broker.createQueue("q");
    broker.send("q", [{ ...bytes(1024 * kib - 1), messageId: "a" }]);
    expectRefusal(() => broker.send("q", [{ ...bytes(1024 * kib), messageId: "b" }]), sizeExceeded);
    broker.createQueue("large", { maxMessageSizeBytes: 4 * 1024 * kib });
    broker.send("large", [bytes(3 * 1024 * kib)]);
    expectRefusal(
      () => broker.createQueue("huge", { maxMessageSizeBytes: 101 * 1024 * kib }),
      "com.microsoft:argument-out-of-range",
    );
  });

  it("SB-13: a premium batch above 1 MiB is refused even with large messages on", () => {
    const broker = newBroker({ tier: "premium" });
    broker.createQueue("large", { maxMessageSizeBytes: 4 * 1024 * kib });
    const half = bytes(512 * kib);
    expectRefusal(() => broker.send("large", [half, half, bytes(1)]), sizeExceeded);
    broker.send("large", [half, bytes(500 * kib)]);
  });

  it("SB-13: an empty batch and a batch above 4,500 messages are refused", () => {
    const broker = queueBroker();
    expectRefusal(() => broker.send("q", []), "amqp:link:detach-forced", /batch message with no data/);
    const many = Array.from({ length: 4_501 }, () => bytes(0));
    expectRefusal(() => broker.send("q", many), "com.microsoft:argument-out-of-range", /4501/);
    expect(broker.send("q", many.slice(1))).toHaveLength(4_500);
  });

  it("SB-14: a property above 32 KiB, or 64 KiB of properties, are rejected", () => {
    const broker = queueBroker();
    const big = (length: number): string => "x".repeat(length);
    broker.send("q", [message("a", { applicationProperties: { p: big(32 * kib - 1) } })]);
    expectRefusal(
      () => broker.send("q", [message("a", { applicationProperties: { p: big(32 * kib) } })]),
      sizeExceeded,
    );
    const three = { p: big(22 * kib), q: big(22 * kib), r: big(22 * kib) };
    expectRefusal(() => broker.send("q", [message("a", { applicationProperties: three })]), sizeExceeded);
  });

  it("SB-15: a send to a full entity fails, and succeeds again when there is room", () => {
    const broker = queueBroker({ maxSizeBytes: 1_000 });
    broker.send("q", [{ ...bytes(900), messageId: "a" }]);
    expectRefusal(
      () => broker.send("q", [{ ...bytes(200), messageId: "b" }]),
      "amqp:resource-limit-exceeded",
      /^The maximum entity size has been reached or exceeded for/,
    );
    const receiver = broker.attachReceiver("q");
    receiver.complete(takeOne(receiver));
    broker.send("q", [{ ...bytes(200), messageId: "b" }]);
  });

  it("SB-16: dead letters count toward the entity size, and an emptied entity has size 0", () => {
    const broker = queueBroker({ maxSizeBytes: 1_000 });
    broker.send("q", [{ ...bytes(700), messageId: "a" }]);
    const receiver = broker.attachReceiver("q");
    receiver.deadLetter(takeOne(receiver), { reason: "r" });
    expect(broker.getQueue("q").sizeBytes).toBeGreaterThan(700);
    expectRefusal(() => broker.send("q", [bytes(400)]), "amqp:resource-limit-exceeded");
    const dead = broker.attachReceiver("q/$deadletterqueue", { mode: "receiveAndDelete" });
    dead.take(1);
    expect(broker.getQueue("q").sizeBytes).toBe(0);
  });

  it("SB-17: when send returns, the message is stored and numbered", () => {
    const broker = queueBroker();
    const [number] = sendTexts(broker, "q", "a");
    expect(broker.peek("q")[0]).toMatchObject({ sequenceNumber: number });
    expect(broker.getQueue("q").counts.active).toBe(1);
  });

  it("SB-18: a batch is stored entirely or not at all", () => {
    const broker = queueBroker({ requiresDuplicateDetection: true });
    const tooBig = { ...bytes(256 * kib), messageId: "big" };
    expectRefusal(() => broker.send("q", [message("a", { messageId: "a" }), tooBig]), sizeExceeded);
    expect(broker.peek("q")).toEqual([]);
    // Its ids are not remembered either.
    broker.send("q", [message("a", { messageId: "a" })]);
    expect(broker.getQueue("q").counts.active).toBe(1);
  });

  it("fills a missing message id", () => {
    const broker = queueBroker();
    sendTexts(broker, "q", "a", "b");
    const ids = broker.peek("q", { count: 2 }).map((seen) => seen.message.messageId);
    expect(new Set(ids).size).toBe(2);
    for (const id of ids) expect(id).toMatch(/^[0-9a-f]{32}$/);
  });
});

describe("sequence and order", () => {
  it("SB-19: sequence numbers are unique and increase", () => {
    const broker = queueBroker();
    const numbers = [...sendTexts(broker, "q", "a", "b"), ...sendTexts(broker, "q", "c")];
    expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b));
    expect(
      broker
        .attachReceiver("q")
        .take(9)
        .map((d) => d.sequenceNumber),
    ).toEqual(numbers);
  });

  it("SB-20: the enqueued time is the broker's", () => {
    const broker = queueBroker();
    later(broker, minute);
    sendTexts(broker, "q", "a");
    expect(takeOne(broker.attachReceiver("q")).enqueuedTimeMs).toBe(broker.nowMs);
  });

  it("SB-21: unlocked active messages are delivered in sequence order", () => {
    const broker = queueBroker();
    sendTexts(broker, "q", "a", "b", "c");
    sendTexts(broker, "q", "d");
    const receiver = broker.attachReceiver("q");
    expect(texts([...receiver.take(2), ...receiver.take(9)])).toEqual(["a", "b", "c", "d"]);
  });

  it("SB-22: a message that was given back or whose lock expired is redelivered before later ones", () => {
    const broker = queueBroker();
    sendTexts(broker, "q", "a", "b", "c", "d");
    const receiver = broker.attachReceiver("q");
    const [a, b, c] = receiver.take(3);
    if (a === undefined || b === undefined || c === undefined) throw new Error("three are there");
    receiver.abandon(c);
    receiver.release(b);
    later(broker, minute);
    expect(texts(receiver.take(9))).toEqual(["a", "b", "c", "d"]);
  });

  it("SB-23: with two receivers the order of completion is theirs", () => {
    const broker = queueBroker();
    sendTexts(broker, "q", "a", "b");
    const [one, two] = [broker.attachReceiver("q"), broker.attachReceiver("q")];
    const [a, b] = [takeOne(one), takeOne(two)];
    two.complete(b);
    one.complete(a);
    expect(broker.peek("q")).toEqual([]);
  });

  it("SB-24: a subscription's copy has its own number and the topic's as enqueued sequence number", () => {
    const broker = newBroker();
    broker.createTopic("t");
    broker.createSubscription("t", "early");
    sendTexts(broker, "t", "a");
    broker.createSubscription("t", "late");
    const [number] = sendTexts(broker, "t", "b");
    const copy = takeOne(broker.attachReceiver("t/Subscriptions/late"));
    expect(copy.sequenceNumber).toBe(1);
    expect(copy.enqueuedSequenceNumber).toBe(number);
    expect(number).toBe(2);
  });
});
