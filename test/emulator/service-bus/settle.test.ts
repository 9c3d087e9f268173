import { describe, expect, it } from "vitest";
import { bodiesOf, receiveOne, receiveRest, startBus, type Bus } from "./bus.js";

const minuteMs = 60_000;

async function withOne(options: Parameters<Bus["broker"]["createQueue"]>[1] = {}) {
  const bus = await startBus();
  bus.broker.createQueue("q", options);
  await bus.send("q", { body: "m", messageId: "m1", applicationProperties: { kept: "yes", changed: 1 } });
  const receiver = bus.client.createReceiver("q");
  return { ...bus, receiver, message: await receiveOne(receiver) };
}

describe("settling", () => {
  it("removes a message that is completed", async () => {
    const { broker, receiver, message } = await withOne();
    await receiver.completeMessage(message);
    expect(broker.getQueue("q").counts.active).toBe(0);
  });

  it("gives an abandoned message again, counted, with changed properties", async () => {
    const { receiver, message } = await withOne();
    await receiver.abandonMessage(message, { changed: 2, added: "new" });
    expect(await receiveOne(receiver)).toMatchObject({
      messageId: "m1",
      body: "m",
      deliveryCount: 1,
      applicationProperties: { kept: "yes", changed: 2, added: "new" },
    });
  });

  it("hides a deferred message until it is asked for by its number", async () => {
    const { receiver, message } = await withOne();
    await receiver.deferMessage(message, { changed: 2 });
    expect(await receiveRest(receiver)).toEqual([]);
    const number = message.sequenceNumber ?? expect.fail("a message has a number");
    const [deferred] = await receiver.receiveDeferredMessages(number);
    expect(deferred).toMatchObject({
      state: "deferred",
      deliveryCount: 1,
      applicationProperties: { kept: "yes", changed: 2 },
    });
    if (deferred !== undefined) await receiver.completeMessage(deferred);
    await expect(receiver.receiveDeferredMessages(number)).rejects.toMatchObject({ code: "MessageNotFound" });
  });

  it("settles a deferred message in each way", async () => {
    const { client, receiver, message } = await withOne();
    const number = message.sequenceNumber ?? expect.fail("a message has a number");
    const take = async () =>
      (await receiver.receiveDeferredMessages(number))[0] ?? expect.fail("it is deferred");
    await receiver.deferMessage(message);
    await receiver.abandonMessage(await take(), { changed: 3 });
    await receiver.deferMessage(await take(), { added: true });
    const third = await take();
    expect(third).toMatchObject({ deliveryCount: 3, state: "deferred" });
    expect(third.applicationProperties).toEqual({ kept: "yes", changed: 3, added: true });
    await receiver.deadLetterMessage(third, { deadLetterReason: "r", deadLetterErrorDescription: "d" });
    const dead = await receiveOne(client.createReceiver("q", { subQueueType: "deadLetter" }));
    expect(dead).toMatchObject({ deadLetterReason: "r", deadLetterErrorDescription: "d", deliveryCount: 3 });
  });

  it("takes deferred messages at once in receive-and-delete mode", async () => {
    const { broker, client, receiver, message } = await withOne();
    await receiver.deferMessage(message);
    const deleter = client.createReceiver("q", { receiveMode: "receiveAndDelete" });
    const number = message.sequenceNumber ?? expect.fail("a message has a number");
    expect(bodiesOf(await deleter.receiveDeferredMessages(number))).toEqual(["m"]);
    expect(await client.createReceiver("q").peekMessages(1)).toEqual([]);
    expect(broker.getQueue("q").sizeBytes).toBe(0);
  });

  it("dead-letters with a reason and properties", async () => {
    const { client, receiver, message } = await withOne();
    await receiver.deadLetterMessage(message, {
      deadLetterReason: "why",
      deadLetterErrorDescription: "because",
      changed: 2,
    });
    const dead = await receiveOne(client.createReceiver("q", { subQueueType: "deadLetter" }));
    expect(dead).toMatchObject({
      messageId: "m1",
      body: "m",
      deliveryCount: 0,
      deadLetterReason: "why",
      deadLetterErrorDescription: "because",
      applicationProperties: {
        kept: "yes",
        changed: 2,
        DeadLetterReason: "why",
        DeadLetterErrorDescription: "because",
      },
    });
    expect(dead.deadLetterSource).toBeUndefined();
  });

  it("does not dead-letter from a dead-letter queue, nor count there", async () => {
    const { client, receiver, message } = await withOne();
    await receiver.deadLetterMessage(message);
    const graves = client.createReceiver("q", { subQueueType: "deadLetter" });
    await graves.abandonMessage(await receiveOne(graves));
    const dead = await receiveOne(graves);
    expect(dead.deliveryCount).toBe(0);
    await expect(graves.deadLetterMessage(dead)).rejects.toMatchObject({ code: "GeneralError" });
    await graves.completeMessage(await receiveOne(graves));
  });

  it("has an empty transfer dead-letter queue for every entity", async () => {
    const { client } = await withOne();
    const transferred = client.createReceiver("q", { subQueueType: "transferDeadLetter" });
    expect(await receiveRest(transferred)).toEqual([]);
    expect(await transferred.peekMessages(1)).toEqual([]);
  });

  it("refuses to settle twice", async () => {
    const { receiver, message } = await withOne();
    await receiver.completeMessage(message);
    await expect(receiver.completeMessage(message)).rejects.toThrow(/already settled/);
  });

  it("counts exactly the maximum of deliveries", async () => {
    const { client, receiver, message } = await withOne({ maxDeliveryCount: 3 });
    await receiver.abandonMessage(message);
    await receiver.abandonMessage(await receiveOne(receiver));
    const last = await receiveOne(receiver);
    expect(last.deliveryCount).toBe(2);
    await receiver.abandonMessage(last);
    expect(await receiveRest(receiver)).toEqual([]);
    const dead = await receiveOne(client.createReceiver("q", { subQueueType: "deadLetter" }));
    expect(dead).toMatchObject({ deadLetterReason: "MaxDeliveryCountExceeded", deliveryCount: 3 });
  });
});

describe("locks", () => {
  it("end by the emulator's clock: the message is given again, counted, and cannot be settled", async () => {
    const { clock, client, receiver, message } = await withOne();
    clock.advance(minuteMs);
    expect(await receiveOne(client.createReceiver("q"))).toMatchObject({ messageId: "m1", deliveryCount: 1 });
    const lost = { name: "ServiceBusError", code: "MessageLockLost", retryable: false };
    await expect(receiver.completeMessage(message)).rejects.toMatchObject(lost);
  });

  it.each(["abandonMessage", "deferMessage", "deadLetterMessage"] as const)(
    "that are lost fail %s, too",
    async (settle) => {
      const { clock, receiver, message } = await withOne();
      clock.advance(minuteMs);
      await expect(receiver[settle](message)).rejects.toMatchObject({ code: "MessageLockLost" });
    },
  );

  it("last longer when they are renewed", async () => {
    const { clock, receiver, message } = await withOne();
    const before = message.lockedUntilUtc?.getTime() ?? 0;
    clock.advance(minuteMs / 2);
    const until = await receiver.renewMessageLock(message);
    // To the client, half a minute of the emulator's time did not pass.
    expect(until.getTime()).toBeGreaterThanOrEqual(before);
    clock.advance(minuteMs - 5_000);
    await receiver.completeMessage(message);
  });

  it("cannot be renewed once they are lost", async () => {
    const { clock, receiver, message } = await withOne();
    clock.advance(minuteMs);
    await expect(receiver.renewMessageLock(message)).rejects.toMatchObject({ code: "MessageLockLost" });
  });

  it("show a client their true remainder, whatever the emulator's clock says", async () => {
    const bus = await startBus();
    bus.broker.createQueue("q");
    bus.clock.advance(24 * 60 * minuteMs);
    await bus.send("q", { body: 1 });
    const { lockedUntilUtc, enqueuedTimeUtc } = await receiveOne(bus.client.createReceiver("q"));
    expect(lockedUntilUtc?.getTime()).toBeGreaterThanOrEqual(bus.clock.toWire(bus.clock.now()));
    const lockMs = (lockedUntilUtc?.getTime() ?? 0) - (enqueuedTimeUtc?.getTime() ?? 0);
    expect(lockMs).toBeGreaterThanOrEqual(minuteMs);
    expect(lockMs).toBeLessThan(2 * minuteMs);
  });

  it.each(["completeMessage", "abandonMessage", "deferMessage", "deadLetterMessage"] as const)(
    "outlive their link: %s goes through the management door then",
    async (settle) => {
      const { client, receiver, message } = await withOne();
      // A subscriber's link can be closed without its receiver.
      await receiver.close();
      const other = client.createReceiver("q");
      await other.peekMessages(1);
      await other[settle](message);
      expect(await receiveRest(client.createReceiver("q"))).toHaveLength(settle === "abandonMessage" ? 1 : 0);
    },
  );
});

describe("time to live", () => {
  it("drops what has expired when somebody receives", async () => {
    const { broker, clock, client, send } = await startBus();
    broker.createQueue("q");
    await send("q", { body: "short", timeToLive: 5_000 }, { body: "long" });
    clock.advance(6_000);
    expect(bodiesOf(await receiveRest(client.createReceiver("q")))).toEqual(["long"]);
  });

  it("dead-letters what has expired where the queue wants that", async () => {
    const { broker, clock, client, send } = await startBus();
    broker.createQueue("q", { deadLetteringOnMessageExpiration: true });
    await send("q", { body: "short", timeToLive: 5_000 });
    clock.advance(6_000);
    expect(await receiveRest(client.createReceiver("q"))).toEqual([]);
    const dead = await receiveOne(client.createReceiver("q", { subQueueType: "deadLetter" }));
    expect(dead).toMatchObject({ body: "short", deadLetterReason: "TTLExpiredException", timeToLive: 5_000 });
  });

  it("is lowered to the default of the entity, and shown so", async () => {
    const { broker, client, send } = await startBus();
    broker.createQueue("q", { defaultTimeToLiveMs: 10_000 });
    await send("q", { body: "long", timeToLive: 3_600_000 });
    expect(await receiveOne(client.createReceiver("q"))).toMatchObject({ timeToLive: 10_000 });
  });
});
