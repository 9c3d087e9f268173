import { describe, expect, it } from "vitest";
import { bodiesOf, receiveOne, receiveRest, startBus } from "./bus.js";

const hourMs = 3_600_000;

describe("scheduling", () => {
  it("keeps a message back until its time, then gives it a new number", async () => {
    const { broker, clock, client } = await startBus();
    broker.createQueue("q");
    const due = new Date(clock.toWire(clock.now()) + hourMs);
    const [number] = await client.createSender("q").scheduleMessages({ body: "later" }, due);
    expect(number?.toNumber()).toBe(1);
    const receiver = client.createReceiver("q");
    expect(await receiveRest(receiver)).toEqual([]);
    clock.advance(hourMs);
    const received = await receiveOne(receiver);
    expect(received).toMatchObject({ body: "later", state: "active" });
    expect(received.sequenceNumber?.toNumber()).toBe(2);
    // By the client's clock the hour has not passed, and everything it sees has been moved by that hour.
    expect(received.scheduledEnqueueTimeUtc).toEqual(new Date(due.getTime() - hourMs));
  });

  it("shows a scheduled message to peek", async () => {
    const { broker, clock, client, send } = await startBus();
    broker.createQueue("q");
    const scheduledEnqueueTimeUtc = new Date(clock.toWire(clock.now()) + hourMs);
    await send("q", { body: "later", scheduledEnqueueTimeUtc });
    const [peeked] = await client.createReceiver("q").peekMessages(1);
    expect(peeked).toMatchObject({ body: "later", state: "scheduled", scheduledEnqueueTimeUtc });
  });

  it("cancels by number, once", async () => {
    const { broker, clock, client } = await startBus();
    broker.createQueue("q");
    const sender = client.createSender("q");
    const due = new Date(clock.toWire(clock.now()) + hourMs);
    const numbers = await sender.scheduleMessages([{ body: 1 }, { body: 2 }, { body: 3 }], due);
    await sender.cancelScheduledMessages(numbers.slice(0, 2));
    clock.advance(hourMs);
    expect(bodiesOf(await receiveRest(client.createReceiver("q")))).toEqual([3]);
    await expect(sender.cancelScheduledMessages(numbers.slice(0, 1))).rejects.toMatchObject({
      name: "ServiceBusError",
      code: "MessageNotFound",
    });
  });

  it("schedules and cancels on a topic, which shows its scheduled messages", async () => {
    const { broker, clock, client } = await startBus();
    broker.createTopic("t");
    broker.createSubscription("t", "s");
    const sender = client.createSender("t");
    const due = new Date(clock.toWire(clock.now()) + hourMs);
    const numbers = await sender.scheduleMessages([{ body: 1 }, { body: 2 }], due);
    expect(await client.createReceiver("t", "s").peekMessages(2)).toEqual([]);
    expect(bodiesOf(await client.createReceiver("t").peekMessages(5))).toEqual([1, 2]);
    await sender.cancelScheduledMessages(numbers.slice(0, 1));
    clock.advance(hourMs);
    expect(bodiesOf(await receiveRest(client.createReceiver("t", "s")))).toEqual([2]);
  });

  it("enqueues at once what was due before", async () => {
    const { broker, client, send } = await startBus();
    broker.createQueue("q");
    await send("q", { body: "now", scheduledEnqueueTimeUtc: new Date(1_000) });
    expect(bodiesOf(await receiveRest(client.createReceiver("q")))).toEqual(["now"]);
  });

  it("refuses a scheduled message without the session id that its queue requires", async () => {
    const { broker, client } = await startBus();
    broker.createQueue("q", { requiresSession: true });
    const scheduled = client.createSender("q").scheduleMessages({ body: 1 }, new Date(4e12));
    await expect(scheduled).rejects.toMatchObject({ code: "GeneralError" });
  });
});
