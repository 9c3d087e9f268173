import { describe, expect, it } from "vitest";
import { bodiesOf, receiveOne, receiveRest, startBus } from "./bus.js";

describe("sending", () => {
  it("carries every property of a message to its receiver", async () => {
    const { broker, client, send } = await startBus();
    broker.createQueue("q");
    const sent = {
      body: { deep: [1, "two", null] },
      messageId: "m1",
      contentType: "application/json",
      correlationId: "c1",
      subject: "label",
      to: "there",
      replyTo: "here",
      replyToSessionId: "rs",
      sessionId: "s",
      partitionKey: "s",
      timeToLive: 60_000,
      applicationProperties: { text: "t", number: 1.5, whole: 7, yes: true },
    };
    await send("q", sent);
    const received = await receiveOne(client.createReceiver("q"));
    expect(received).toMatchObject(sent);
    expect(received).toMatchObject({ deliveryCount: 0, state: "active" });
    expect(received.expiresAtUtc?.getTime()).toBe((received.enqueuedTimeUtc?.getTime() ?? 0) + 60_000);
    expect(received.sequenceNumber?.toNumber()).toBe(1);
    expect(received.lockToken).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  });

  it.each([
    ["a value", { bodyType: "value", body: 42, seen: 42 }],
    ["a sequence", { bodyType: "sequence", body: [["a", 1, true]], seen: { content: [["a", 1, true]] } }],
    [
      "bytes",
      { bodyType: "data", body: Buffer.from([0, 1, 255]), seen: { content: Buffer.from([0, 1, 255]) } },
    ],
  ] as const)("carries an annotated message whose body is %s", async (_what, { bodyType, body, seen }) => {
    const { broker, client } = await startBus();
    broker.createQueue("q");
    const annotated = {
      bodyType,
      body,
      header: { durable: true, priority: 7 },
      footer: { end: "yes" },
      messageAnnotations: { mine: "kept" },
      properties: { userId: "me", contentEncoding: "gzip", groupSequence: 3 },
    };
    await client.createSender("q").sendMessages(annotated);
    const { _rawAmqpMessage: raw } = await receiveOne(client.createReceiver("q"));
    expect(raw).toMatchObject({
      bodyType,
      body: seen,
      footer: { end: "yes" },
      header: { durable: true, priority: 7 },
      messageAnnotations: { mine: "kept" },
      properties: { contentEncoding: "gzip", groupSequence: 3 },
    });
  });

  it("gives a message without an id one", async () => {
    const { broker, client, send } = await startBus();
    broker.createQueue("q");
    await send("q", { body: "no id" });
    const received = await receiveOne(client.createReceiver("q"));
    expect(received.messageId).toMatch(/^[0-9a-f]{32}$/);
    expect(received.body).toBe("no id");
  });

  it("takes batches whole, in order", async () => {
    const { broker, client } = await startBus();
    broker.createQueue("q");
    const sender = client.createSender("q");
    const batch = await sender.createMessageBatch();
    expect(batch.maxSizeInBytes).toBe(256 * 1024);
    for (let n = 0; n < 5; n += 1) expect(batch.tryAddMessage({ body: n, messageId: String(n) })).toBe(true);
    await sender.sendMessages(batch);
    expect(bodiesOf(await receiveRest(client.createReceiver("q")))).toEqual([0, 1, 2, 3, 4]);
  });

  it("stores nothing of a batch with one message that is refused", async () => {
    const { broker, client, send } = await startBus();
    broker.createQueue("q", { requiresSession: true });
    await expect(send("q", { body: 1, sessionId: "s" }, { body: 2 })).rejects.toMatchObject({
      code: "GeneralError",
      message: expect.stringMatching(/The SessionId was not set on a message/) as string,
    });
    expect(await client.createReceiver("q").peekMessages(5)).toEqual([]);
  });

  it("refuses what is too large, and the sender goes on", async () => {
    const { broker, client, server } = await startBus();
    broker.createQueue("q");
    const sender = client.createSender("q");
    await expect(sender.sendMessages({ body: Buffer.alloc(300_000) })).rejects.toMatchObject({
      code: "MessageSizeExceeded",
      message: expect.stringMatching(/size:\d+ bytes\) exceeds the limit \(262144 bytes\)/) as string,
    });
    const before = server.connections().length;
    await sender.sendMessages({ body: "small" });
    expect(server.connections().length).toBe(before);
    expect(bodiesOf(await receiveRest(client.createReceiver("q")))).toEqual(["small"]);
  });

  it("fills a batch up to the limit and no further", async () => {
    const { broker, client } = await startBus();
    broker.createQueue("q");
    const sender = client.createSender("q");
    const batch = await sender.createMessageBatch();
    let count = 0;
    while (batch.tryAddMessage({ body: Buffer.alloc(50_000) })) count += 1;
    expect(count).toBe(5);
    await sender.sendMessages(batch);
    expect((await receiveRest(client.createReceiver("q"))).length).toBe(5);
  });

  it("sends more than a peer may send without new credit", async () => {
    const { broker, client } = await startBus();
    broker.createQueue("q");
    const sender = client.createSender("q");
    await Promise.all(Array.from({ length: 1_500 }, (_, n) => sender.sendMessages({ body: n })));
    expect(broker.getQueue("q").counts.active).toBe(1_500);
  });

  it("finds entities in any letter case", async () => {
    const { broker, client, send } = await startBus();
    broker.createTopic("Orders");
    broker.createSubscription("Orders", "Billing");
    await send("ORDERS", { body: "x" });
    expect(bodiesOf(await receiveRest(client.createReceiver("orders", "billing")))).toEqual(["x"]);
  });

  it.each([
    ["an unknown entity", "nothing", "MessagingEntityNotFound"],
    ["a subscription", "t/Subscriptions/s", "MessagingEntityNotFound"],
    ["a dead-letter queue", "q/$DeadLetterQueue", "GeneralError"],
    ["a disabled queue", "off", "MessagingEntityDisabled"],
  ])("refuses to send to %s", async (_what, entity, code) => {
    const { broker, send } = await startBus();
    broker.createQueue("q");
    broker.createQueue("off", { status: "SendDisabled" });
    broker.createTopic("t");
    broker.createSubscription("t", "s");
    await expect(send(entity, { body: "x" })).rejects.toMatchObject({ name: "ServiceBusError", code });
  });

  it.each([
    ["disabled", "MessagingEntityDisabled"],
    ["deleted", "MessagingEntityNotFound"],
  ] as const)("ends the links of senders whose queue is %s", async (what, code) => {
    const { broker, namespace, client, send } = await startBus();
    broker.createQueue("q");
    broker.createQueue("other");
    const sender = client.createSender("q");
    await sender.sendMessages({ body: 1 });
    namespace.enter(() => {
      if (what === "deleted") broker.deleteQueue("q");
      else broker.updateQueue("q", { status: "Disabled" });
    });
    // An answer on the same connection: by then the client has heard of the end of its link, too.
    await send("other", { body: "x" });
    await expect(sender.sendMessages({ body: 2 })).rejects.toMatchObject({ code });
  });

  it("tells that an entity is full", async () => {
    const { broker, send } = await startBus();
    broker.createQueue("q", { maxSizeBytes: 1_000 });
    await expect(send("q", { body: Buffer.alloc(2_000) })).rejects.toMatchObject({ code: "QuotaExceeded" });
  });
});
