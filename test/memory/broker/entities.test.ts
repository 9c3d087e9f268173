import { describe, expect, it } from "vitest";
import {
  deadLetters,
  expectRefusal,
  message,
  newBroker,
  queueBroker,
  sendTexts,
  takeOne,
  texts,
} from "./fixtures.js";

describe("entities and addresses", () => {
  it("SB-1: creating an entity that exists fails with entity-already-exists", () => {
    const broker = queueBroker();
    broker.createTopic("t");
    broker.createSubscription("t", "s");
    const condition = "com.microsoft:entity-already-exists";
    expectRefusal(() => broker.createQueue("q"), condition, /already exists/);
    expectRefusal(() => broker.createTopic("q"), condition);
    expectRefusal(() => broker.createSubscription("t", "S"), condition);
    expectRefusal(() => broker.addRule("t", "s", { name: "$default", filter: { type: "true" } }), condition);
  });

  it("SB-2: attaching to a missing entity fails and names the entity", () => {
    const broker = newBroker();
    broker.createTopic("t");
    const text = /The messaging entity '.*' could not be found/;
    for (const address of ["none", "t/Subscriptions/none", "none/$deadletterqueue"]) {
      expectRefusal(() => broker.attachReceiver(address), "amqp:not-found", text);
    }
    expectRefusal(() => broker.attachSender("none"), "amqp:not-found", text);
    expectRefusal(() => sendTexts(broker, "none", "a"), "amqp:not-found", text);
    expectRefusal(() => broker.peek("none"), "amqp:not-found", text);
  });

  it("SB-3: entity names compare case-insensitively", () => {
    const broker = newBroker();
    broker.createQueue("Orders/Eu");
    broker.createTopic("Sales");
    broker.createSubscription("sales", "Billing");
    sendTexts(broker, "orders/EU", "a");
    sendTexts(broker, "SALES", "b");
    expect(texts(broker.attachReceiver("ORDERS/eu").take(9))).toEqual(["a"]);
    expect(texts(broker.attachReceiver("sAles/subscriptions/BILLING").take(9))).toEqual(["b"]);
  });

  it("SB-4: dead-letter queues can be read without having been created", () => {
    const broker = queueBroker();
    broker.createTopic("t");
    broker.createSubscription("t", "s");
    for (const address of ["q/$deadletterqueue", "t/Subscriptions/s/$DeadLetterQueue"]) {
      expect(broker.attachReceiver(address).take(1)).toEqual([]);
    }
  });

  it("SB-5: a dead-letter queue cannot be deleted apart from its entity", () => {
    const broker = queueBroker();
    broker.createTopic("t");
    broker.createSubscription("t", "s");
    expectRefusal(() => broker.deleteQueue("q/$deadletterqueue"), "amqp:not-allowed");
    expectRefusal(() => broker.deleteSubscription("t", "s/$DeadLetterQueue"), "amqp:not-allowed");
    broker.deleteQueue("q");
    expectRefusal(() => broker.attachReceiver("q/$deadletterqueue"), "amqp:not-found");
  });

  it("SB-6: a client cannot send to a dead-letter queue", () => {
    const broker = queueBroker();
    expectRefusal(() => sendTexts(broker, "q/$deadletterqueue", "a"), "amqp:not-allowed");
    expect(deadLetters(broker)).toEqual([]);
  });

  it("SB-7: a topic cannot be received from nor a subscription sent to, but a topic can be peeked and cancelled at", () => {
    const broker = newBroker();
    broker.createTopic("t");
    broker.createSubscription("t", "s");
    expectRefusal(() => broker.attachReceiver("t"), "amqp:not-found", /could not be found/);
    expectRefusal(() => sendTexts(broker, "t/Subscriptions/s", "a"), "amqp:not-found");
    const [number = 0] = broker.schedule("t", [message("a", { scheduledEnqueueTimeMs: broker.nowMs + 1 })]);
    expect(texts(broker.peek("t"))).toEqual(["a"]);
    broker.cancelScheduled("t", [number]);
    expect(broker.peek("t")).toEqual([]);
  });

  it.each([
    { status: "Active", sends: true, receives: true },
    { status: "SendDisabled", sends: false, receives: true },
    { status: "ReceiveDisabled", sends: true, receives: false },
    { status: "Disabled", sends: false, receives: false },
  ] as const)(
    "SB-8: a queue that is $status sends: $sends, receives: $receives",
    ({ status, sends, receives }) => {
      const broker = queueBroker();
      broker.updateQueue("q", { status });
      const condition = "com.microsoft:entity-disabled";
      const send = (): unknown => sendTexts(broker, "q", "a");
      const receive = (): unknown => broker.attachReceiver("q");
      if (sends) send();
      else expectRefusal(send, condition, /currently disabled for Send operations/);
      if (receives) receive();
      else expectRefusal(receive, condition, /is currently disabled/);
    },
  );

  it("SB-8: a topic cannot be ReceiveDisabled, a subscription cannot be SendDisabled", () => {
    const broker = newBroker();
    const condition = "com.microsoft:argument-error";
    expectRefusal(() => broker.createTopic("t", { status: "ReceiveDisabled" }), condition);
    broker.createTopic("t");
    expectRefusal(() => broker.createSubscription("t", "s", { status: "SendDisabled" }), condition);
  });

  it("SB-8: disabling a queue detaches its receivers", () => {
    const broker = queueBroker();
    const conditions: string[] = [];
    const receiver = broker.attachReceiver("q", { onDetach: ({ condition }) => conditions.push(condition) });
    broker.updateQueue("q", { status: "Disabled" });
    expect(conditions).toEqual(["com.microsoft:entity-disabled"]);
    expect(receiver.closed).toBe(true);
  });

  it("SB-9: message and session ids above 128 characters are rejected", () => {
    const broker = queueBroker();
    const condition = "com.microsoft:argument-out-of-range";
    const fits = "x".repeat(128);
    broker.send("q", [message("a", { messageId: fits, sessionId: fits })]);
    expectRefusal(() => broker.send("q", [message("a", { messageId: `${fits}x` })]), condition, /128/);
    expectRefusal(() => broker.send("q", [message("a", { sessionId: `${fits}x` })]), condition, /128/);
  });

  it("SB-10: entity paths above 260 and subscription or rule names above 50 characters are rejected", () => {
    const broker = newBroker();
    const condition = "com.microsoft:argument-out-of-range";
    broker.createQueue("x".repeat(260));
    expectRefusal(() => broker.createQueue("y".repeat(261)), condition);
    broker.createTopic("t");
    broker.createSubscription("t", "s".repeat(50));
    expectRefusal(() => broker.createSubscription("t", "s".repeat(51)), condition);
    const rule = { name: "r".repeat(51), filter: { type: "true" } } as const;
    expectRefusal(() => broker.addRule("t", "s".repeat(50), rule), condition);
  });

  it("deleting a queue detaches its receivers, forgets its deadlines and frees the name", () => {
    const broker = queueBroker({ defaultTimeToLiveMs: 1_000 });
    const conditions: string[] = [];
    const receiver = broker.attachReceiver("q", { onDetach: ({ condition }) => conditions.push(condition) });
    sendTexts(broker, "q", "a", "b");
    takeOne(receiver);
    broker.deleteQueue("q");
    expect(conditions).toEqual(["amqp:not-found"]);
    expect(broker.nextDueMs()).toBeUndefined();
    broker.createQueue("q");
    expect(broker.peek("q")).toEqual([]);
  });
});

describe("senders", () => {
  it("SB-8: senders end when their entity is disabled for sends, or deleted", () => {
    const broker = queueBroker();
    broker.createTopic("t");
    const ends: string[] = [];
    const attach = (address: string): (() => void) =>
      broker.attachSender(address, { onDetach: ({ condition }) => ends.push(`${address} ${condition}`) });
    attach("q");
    attach("t");
    broker.updateQueue("q", { status: "ReceiveDisabled" });
    expect(ends).toEqual([]);
    broker.updateQueue("q", { status: "SendDisabled" });
    broker.updateTopic("t", { status: "Disabled" });
    expect(ends).toEqual(["q com.microsoft:entity-disabled", "t com.microsoft:entity-disabled"]);
    broker.updateQueue("q", { status: "Active" });
    broker.updateTopic("t", { status: "Active" });
    attach("q");
    attach("t");
    const close = attach("t");
    close();
    broker.deleteQueue("q");
    broker.deleteTopic("t");
    expect(ends.slice(2)).toEqual(["q amqp:not-found", "t amqp:not-found"]);
  });
});

describe("rights", () => {
  it("SB-120: a sender needs Send, a receiver Listen, management Manage", () => {
    const broker = queueBroker();
    broker.createQueue("sessions", { requiresSession: true });
    const condition = "amqp:unauthorized-access";
    broker.attachSender("q", { rights: ["Send"] });
    broker.attachReceiver("q", { rights: ["Listen"] });
    broker.authorize("q", "Manage", ["Manage"]);
    expectRefusal(() => broker.attachSender("q", { rights: ["Listen"] }), condition, /'Send' claim/);
    expectRefusal(() => broker.attachReceiver("q", { rights: ["Send"] }), condition, /'Listen' claim/);
    expectRefusal(() => broker.acceptSession("sessions", "s", { rights: [] }), condition, /'Listen' claim/);
    expectRefusal(() => broker.authorize("q", "Manage", ["Send", "Listen"]), condition, /'Manage' claim/);
  });
});
