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
  sendTexts,
  takeOne,
  texts,
} from "./fixtures.js";

describe("dead-lettering", () => {
  it("SB-50: the reason of too many deliveries is MaxDeliveryCountExceeded, with their number", () => {
    const broker = queueBroker({ maxDeliveryCount: 2 });
    sendTexts(broker, "q", "a");
    const receiver = broker.attachReceiver("q");
    receiver.abandon(takeOne(receiver));
    receiver.abandon(takeOne(receiver));
    expect(deathOf(broker)).toEqual({
      reason: "MaxDeliveryCountExceeded",
      description: "Message could not be consumed after 2 delivery attempts.",
    });
  });

  it("SB-51: an explicit dead-letter stores reason, description and properties", () => {
    const broker = queueBroker();
    broker.send("q", [message("a", { applicationProperties: { own: 1 } })]);
    const receiver = broker.attachReceiver("q");
    receiver.deadLetter(takeOne(receiver), {
      reason: "Bad",
      description: "no such order",
      properties: { by: "x" },
    });
    expect(deadLetters(broker)[0]?.message.applicationProperties).toEqual({
      own: 1,
      by: "x",
      DeadLetterReason: "Bad",
      DeadLetterErrorDescription: "no such order",
    });
  });

  it("SB-52: a dead letter keeps body, id and properties, and has a source only after it was forwarded", () => {
    const broker = queueBroker();
    broker.createQueue("graveyard");
    const sent = message("a", { messageId: "m", subject: "s", applicationProperties: { p: 1 } });
    broker.send("q", [sent]);
    const receiver = broker.attachReceiver("q");
    receiver.deadLetter(takeOne(receiver));
    expect(deadLetters(broker)[0]).toMatchObject({ message: sent, deadLetterSource: undefined });
    broker.updateQueue("q", { forwardDeadLetteredMessagesTo: "graveyard" });
    expect(deadLetters(broker)).toEqual([]);
    expect(broker.peek("graveyard")[0]).toMatchObject({ message: sent, deadLetterSource: "q" });
  });

  it("SB-53: dead letters never expire", () => {
    const broker = queueBroker({ defaultTimeToLiveMs: minute, deadLetteringOnMessageExpiration: true });
    broker.send("q", [message("a", { timeToLiveMs: 1_000 })]);
    const receiver = broker.attachReceiver("q");
    receiver.deadLetter(takeOne(receiver));
    const dead = broker.attachReceiver("q/$deadletterqueue");
    later(broker, 1_000 * minute);
    expect(texts(dead.take(1))).toEqual(["a"]);
  });

  it("SB-54: dead-lettering a dead letter fails, and the message is available again", () => {
    const broker = queueBroker();
    sendTexts(broker, "q", "a");
    const receiver = broker.attachReceiver("q");
    receiver.deadLetter(takeOne(receiver));
    const dead = broker.attachReceiver("q/$deadletterqueue");
    expectRefusal(() => {
      dead.deadLetter(takeOne(dead));
    }, "amqp:not-allowed");
    expect(texts(dead.take(1))).toEqual(["a"]);
  });

  it("SB-54: abandons and expired locks do not count in a dead-letter queue", () => {
    const broker = queueBroker({ maxDeliveryCount: 1 });
    sendTexts(broker, "q", "a");
    const receiver = broker.attachReceiver("q");
    receiver.deadLetter(takeOne(receiver));
    const dead = broker.attachReceiver("q/$deadletterqueue");
    dead.abandon(takeOne(dead));
    takeOne(dead);
    later(broker, minute);
    expect(takeOne(dead).deliveryCount).toBe(0);
  });

  it("SB-55: the dead-letter queue of a session entity is read by a plain receiver", () => {
    const broker = queueBroker({ requiresSession: true });
    broker.send("q", [message("a", { sessionId: "s" })]);
    const session = broker.acceptSession("q", "s");
    session.deadLetter(takeOne(session));
    const delivery = takeOne(broker.attachReceiver("q/$deadletterqueue"));
    expect(delivery.message.sessionId).toBe("s");
    expectRefusal(() => broker.acceptSession("q/$deadletterqueue", "s"), "amqp:not-allowed");
  });

  it("SB-56: forwardDeadLetteredMessagesTo sends dead letters there instead, and refuses receivers here", () => {
    const broker = newBroker();
    broker.createQueue("graveyard");
    broker.createQueue("q", { forwardDeadLetteredMessagesTo: "graveyard" });
    sendTexts(broker, "q", "a");
    const receiver = broker.attachReceiver("q");
    receiver.deadLetter(takeOne(receiver), { reason: "Bad" });
    expect(broker.getQueue("q").counts.deadLetter).toBe(0);
    const [moved] = broker.peek("graveyard");
    expect(moved?.message.applicationProperties).toEqual({ DeadLetterReason: "Bad" });
    expectRefusal(() => broker.attachReceiver("q/$deadletterqueue"), "amqp:not-allowed", /auto-forwarding/);
  });

  it("SB-57: an expired message is dead-lettered with TTLExpiredException where the entity says so", () => {
    const broker = queueBroker({ deadLetteringOnMessageExpiration: true });
    broker.send("q", [message("a", { timeToLiveMs: 1_000 })]);
    broker.attachReceiver("q");
    later(broker, 1_000);
    expect(deathOf(broker)).toEqual({
      reason: "TTLExpiredException",
      description: "The message expired and was dead lettered.",
    });
  });

  it("SB-57: without that setting an expired message is dropped", () => {
    const broker = queueBroker();
    broker.send("q", [message("a", { timeToLiveMs: 1_000 })]);
    broker.attachReceiver("q");
    later(broker, 1_000);
    expect(broker.getQueue("q")).toMatchObject({ counts: { active: 0, deadLetter: 0 }, sizeBytes: 0 });
  });

  it("SB-58: properties that outgrow the header send the message to the dead-letter queue", () => {
    const broker = queueBroker();
    const half = "x".repeat(30_000);
    broker.send("q", [message("a", { applicationProperties: { a: half, b: half } })]);
    const receiver = broker.attachReceiver("q");
    receiver.abandon(takeOne(receiver), { c: half });
    expect(deathOf(broker)).toEqual({
      reason: "HeaderSizeExceeded",
      description: "The size quota for this stream has been exceeded.",
    });
  });

  it("SB-59: a message without session id is dead-lettered by a subscription that requires sessions", () => {
    const broker = newBroker();
    broker.createTopic("t");
    broker.createSubscription("t", "s", { requiresSession: true });
    sendTexts(broker, "t", "a");
    const { reason, description } = deathOf(broker, "t/Subscriptions/s");
    expect(String(reason).toLowerCase()).toBe("session id is null.");
    expect(description).toBe(
      "Session enabled entity doesn't allow a message whose session identifier is null.",
    );
  });

  it("SB-60: the fifth forward ends in the normal dead-letter queue with MaxTransferHopCountExceeded", () => {
    const broker = newBroker();
    broker.createQueue("graveyard");
    broker.createQueue("q6");
    for (let at = 5; at >= 1; at -= 1) {
      broker.createQueue(`q${String(at)}`, {
        forwardTo: `q${String(at + 1)}`,
        forwardDeadLetteredMessagesTo: "graveyard",
      });
    }
    sendTexts(broker, "q1", "a");
    expect(broker.peek("q6")).toEqual([]);
    expect(broker.peek("graveyard")).toEqual([]);
    expect(deathOf(broker, "q5").reason).toBe("MaxTransferHopCountExceeded");
    sendTexts(broker, "q2", "b");
    expect(texts(broker.peek("q6"))).toEqual(["b"]);
  });

  it("SB-60: a circle of forwards ends", () => {
    const broker = queueBroker();
    broker.createQueue("r", { forwardTo: "q" });
    broker.updateQueue("q", { forwardTo: "r" });
    sendTexts(broker, "q", "a");
    expect(deathOf(broker, "q").reason).toBe("MaxTransferHopCountExceeded");
  });

  it("SB-61: a filter that fails dead-letters the message with the kind of failure, if the subscription says so", () => {
    const broker = newBroker();
    broker.createTopic("t");
    const filter = { type: "sql", expression: "sys.NoSuchProperty = 1" } as const;
    const rules = [{ name: "broken", filter }];
    broker.createSubscription("t", "strict", { rules });
    broker.createSubscription("t", "lenient", { rules, deadLetteringOnFilterEvaluationExceptions: false });
    sendTexts(broker, "t", "a");
    expect(deathOf(broker, "t/Subscriptions/strict").reason).toBe("FilterException");
    expect(deadLetters(broker, "t/Subscriptions/lenient")).toEqual([]);
    expect(broker.peek("t/Subscriptions/lenient")).toEqual([]);
  });
});
