import { describe, expect, it } from "vitest";
import { bodiesOf, receiveOne, receiveRest, startBus } from "./bus.js";

describe("receiving", () => {
  it("keeps a message that was received in peek-lock mode from others until it is completed", async () => {
    const { broker, client, send } = await startBus();
    broker.createQueue("q");
    await send("q", { body: 1 }, { body: 2 });
    const receiver = client.createReceiver("q");
    const first = await receiveOne(receiver);
    expect(bodiesOf(await receiveRest(client.createReceiver("q")))).toEqual([2]);
    await receiver.completeMessage(first);
    expect(broker.getQueue("q").counts.active).toBe(1);
  });

  it("removes what it hands out in receive-and-delete mode", async () => {
    const { broker, client, send } = await startBus();
    broker.createQueue("q");
    await send("q", { body: 1 }, { body: 2 }, { body: 3 });
    const receiver = client.createReceiver("q", { receiveMode: "receiveAndDelete" });
    const received = await receiver.receiveMessages(2, { maxWaitTimeInMs: 5_000 });
    expect(bodiesOf(received)).toEqual([1, 2]);
    expect(received[0]?.deliveryCount).toBe(0);
    expect(received[0]?.lockedUntilUtc).toBeUndefined();
    expect(broker.getQueue("q").counts.active).toBe(1);
  });

  it("answers a drain, also when there is nothing, so that a client need not close its link", async () => {
    const { broker, client, send } = await startBus();
    broker.createQueue("q");
    const receiver = client.createReceiver("q");
    expect(await receiver.receiveMessages(5, { maxWaitTimeInMs: 20 })).toEqual([]);
    expect(await receiver.receiveMessages(5, { maxWaitTimeInMs: 20 })).toEqual([]);
    await send("q", { body: 1 });
    expect(bodiesOf(await receiver.receiveMessages(5, { maxWaitTimeInMs: 50 }))).toEqual([1]);
    expect(broker.getQueue("q").counts.active).toBe(1);
  });

  it("wakes a receiver that waits", async () => {
    const { broker, client, send } = await startBus();
    broker.createQueue("q");
    const waiting = client.createReceiver("q").receiveMessages(1, { maxWaitTimeInMs: 5_000 });
    await send("q", { body: "late" });
    expect(bodiesOf(await waiting)).toEqual(["late"]);
  });

  it("pushes to a subscriber, and completes what its handler returned from", async () => {
    const { broker, client, send } = await startBus();
    broker.createQueue("q");
    const received: unknown[] = [];
    const done = new Promise<void>((resolve) => {
      client.createReceiver("q").subscribe(
        {
          processMessage: async ({ body }) => {
            received.push(body);
            if (received.length === 100) resolve();
          },
          processError: async ({ error }) => {
            throw error;
          },
        },
        { maxConcurrentCalls: 20 },
      );
    });
    await send("q", ...Array.from({ length: 100 }, (_, n) => ({ body: n })));
    await done;
    expect(received).toEqual(Array.from({ length: 100 }, (_, n) => n));
  });

  it("gives a message to a subscriber again whose handler failed, until it is dead", async () => {
    const { broker, client, send } = await startBus();
    broker.createQueue("q", { maxDeliveryCount: 3 });
    await send("q", { body: "poison" });
    const counts: (number | undefined)[] = [];
    const subscription = client.createReceiver("q").subscribe({
      processMessage: async ({ deliveryCount }) => {
        counts.push(deliveryCount);
        throw new Error("no");
      },
      processError: async () => undefined,
    });
    const dead = await receiveOne(client.createReceiver("q", { subQueueType: "deadLetter" }));
    await subscription.close();
    expect(counts).toEqual([0, 1, 2]);
    expect(dead).toMatchObject({
      deadLetterReason: "MaxDeliveryCountExceeded",
      deadLetterErrorDescription: "Message could not be consumed after 3 delivery attempts.",
    });
  });

  it.each([
    ["an unknown queue", "nothing", undefined, "MessagingEntityNotFound"],
    ["an unknown subscription", "t", "nothing", "MessagingEntityNotFound"],
    ["a topic", "t", undefined, "MessagingEntityNotFound"],
    ["a disabled queue", "off", undefined, "MessagingEntityDisabled"],
    ["a queue that requires sessions", "sessions", undefined, "GeneralError"],
    ["a queue that forwards", "forwards", undefined, "GeneralError"],
  ])("refuses to receive from %s", async (_what, entity, subscription, code) => {
    const { broker, client } = await startBus();
    broker.createQueue("q");
    broker.createQueue("off", { status: "ReceiveDisabled" });
    broker.createQueue("sessions", { requiresSession: true });
    broker.createQueue("forwards", { forwardTo: "q" });
    broker.createTopic("t");
    const receiver =
      subscription === undefined
        ? client.createReceiver(entity)
        : client.createReceiver(entity, subscription);
    await expect(receiver.receiveMessages(1, { maxWaitTimeInMs: 50 })).rejects.toMatchObject({ code });
  });

  it.each([
    ["disabled", "MessagingEntityDisabled"],
    ["deleted", "MessagingEntityNotFound"],
  ] as const)("tells a subscriber that its queue was %s", async (what, code) => {
    const { broker, namespace, client, send } = await startBus();
    broker.createQueue("q");
    await send("q", { body: "first" });
    const failed = new Promise<unknown>((resolve) => {
      client.createReceiver("q").subscribe({
        processMessage: async () => {
          namespace.enter(() => {
            if (what === "deleted") broker.deleteQueue("q");
            else broker.updateQueue("q", { status: "Disabled" });
          });
        },
        processError: async ({ error }) => {
          if ("code" in error && error.code === code) resolve(error);
        },
      });
    });
    await expect(failed).resolves.toMatchObject({ name: "ServiceBusError", code });
  });

  it("keeps the locks of a receiver that closes, which gave back what it did not settle", async () => {
    const { broker, client, send } = await startBus();
    broker.createQueue("q");
    await send("q", { body: 1 });
    const receiver = client.createReceiver("q");
    await receiveOne(receiver);
    await receiver.close();
    expect(await receiveRest(client.createReceiver("q"))).toEqual([]);
  });

  it("hands out a large message over many frames", async () => {
    const { broker, client, send } = await startBus();
    broker.createQueue("q");
    const body = Buffer.alloc(250_000, 7);
    await send("q", { body });
    const received = await receiveOne(client.createReceiver("q"));
    expect(body.equals(received.body as Buffer)).toBe(true);
  });

  it("hands out more than a client holds without settling, and goes on when it settles", async () => {
    const { broker, client, send } = await startBus();
    broker.createQueue("q");
    const total = 3_000;
    for (let n = 0; n < total; n += 500) {
      await send("q", ...Array.from({ length: 500 }, (_, at) => ({ body: n + at })));
    }
    const receiver = client.createReceiver("q");
    for (let received = 0; received < total;) {
      const messages = await receiver.receiveMessages(1_000, { maxWaitTimeInMs: 5_000 });
      expect(messages.length).toBeGreaterThan(0);
      received += messages.length;
      await Promise.all(messages.map((message) => receiver.completeMessage(message)));
    }
    expect(broker.getQueue("q").counts.active).toBe(0);
  });
});
