import { EventHubProducerClient } from "@azure/event-hubs";
import { describe, expect, it, vi } from "vitest";
import type { EmulatorSnapshot } from "waybill-tools/emulator";
import { endAfterEach, patient, queues, quick, serviceBusClient, started } from "../start/clients.js";

endAfterEach();

describe("a snapshot", () => {
  it("brings back, through JSON and in another emulator, what was there", async () => {
    const first = await started({ createOnUse: true });
    const client = serviceBusClient(first);
    const sender = client.createSender("q");
    await sender.sendMessages([
      { body: { text: "one" }, applicationProperties: { big: 2 ** 40, at: new Date(5) }, subject: "s" },
      { body: Buffer.from([0, 1, 255]), contentType: "application/octet-stream", messageId: "m" },
    ]);
    const receiver = client.createReceiver("q");
    const [locked] = await receiver.receiveMessages(1);
    await receiver.abandonMessage(locked!, { reason: "again" });
    await receiver.receiveMessages(1);
    const text = JSON.stringify(first.snapshot());

    const second = await started();
    await second.restore(JSON.parse(text) as EmulatorSnapshot);
    const messages = await serviceBusClient(second).createReceiver("q").receiveMessages(2);
    expect(messages.map(({ body, deliveryCount }) => [body as unknown, deliveryCount])).toEqual([
      [{ text: "one" }, 1],
      [Buffer.from([0, 1, 255]), 0],
    ]);
    expect(messages[0]).toMatchObject({
      applicationProperties: { big: 2 ** 40, at: 5, reason: "again" },
      subject: "s",
    });
    expect(messages[1]).toMatchObject({ messageId: "m", contentType: "application/octet-stream" });
  });

  it("is a moment to which an emulator goes back, time included, and its clients come along", async () => {
    const emulator = await started({ configs: [queues("q")] });
    const client = serviceBusClient(emulator, patient);
    const [sender, receiver] = [client.createSender("q"), client.createReceiver("q")];
    await sender.sendMessages({ body: "short-lived", timeToLive: 60_000 });
    const snapshot = emulator.snapshot();
    emulator.advance("2m");
    expect(await receiver.receiveMessages(1, { maxWaitTimeInMs: 10 })).toEqual([]);
    await sender.sendMessages({ body: "afterwards" });
    await emulator.restore(snapshot);
    expect(emulator.now()).toBeLessThan(snapshot.takenAtMs + 60_000);
    const messages = await receiver.receiveMessages(2, { maxWaitTimeInMs: 1_000 });
    expect(messages.map(({ body }) => body as unknown)).toEqual(["short-lived"]);
    expect(messages[0]?.expiresAtUtc?.getTime()).toBeLessThanOrEqual(new Date().getTime() + 60_000);
    await receiver.completeMessage(messages[0]!);
    await sender.sendMessages({ body: "goes on" });
  });

  it("has the events of hubs, under their numbers", async () => {
    const first = await started({ createOnUse: true });
    const send = async (emulator: typeof first): Promise<void> => {
      const producer = new EventHubProducerClient(emulator.eventHubs.connectionString, "hub", quick);
      await producer.sendBatch([{ body: "a" }, { body: "b" }], { partitionId: "0" });
      await producer.close();
    };
    await send(first);
    const second = await started();
    await second.restore(first.snapshot());
    await send(second);
    expect(second.namespace().streams.partitionProperties("hub", "0")).toMatchObject({
      beginningSequenceNumber: 0,
      lastEnqueuedSequenceNumber: 3,
    });
  });

  it("keeps Event Grid's topics, events and dead letters", async () => {
    const first = await started();
    const { endpoint } = first.eventGrid;
    const put = (path: string, body: object): Promise<Response> =>
      fetch(`${endpoint}/$emulator/event-grid${path}`, { method: "PUT", body: JSON.stringify(body) });
    expect((await put("/topics/orders", {})).status).toBeLessThan(300);
    const deliveryConfiguration = { deliveryMode: "Queue", queue: { receiveLockDurationInSeconds: 60 } };
    await put("/topics/orders/eventsubscriptions/audit", { properties: { deliveryConfiguration } });
    first.namespace().enter(() => {
      const cloudEvent = { specversion: "1.0", id: "1", source: "/", type: "t" };
      first.namespace().notifier.publishEvents("orders", [cloudEvent]);
    });
    const second = await started();
    await second.restore(first.snapshot());
    const subscription = second.namespace().notifier.pullSubscription("orders", "audit");
    expect(subscription.take(1).map(({ eventId }) => eventId)).toEqual(["1"]);
  });

  it("is refused when it is none, and nothing has changed", async () => {
    const emulator = await started({ configs: [queues("q")] });
    await expect(emulator.restore({} as EmulatorSnapshot)).rejects.toThrow(/no snapshot of this version/);
    const other = await started({ namespaces: { tenant: {} } });
    await expect(emulator.restore(other.snapshot())).rejects.toThrow(
      /namespace "tenant": start the emulator with it/,
    );
    expect(emulator.namespace().kindOf("q")).toBe("queue");
  });
});

describe("a reset", () => {
  it("goes back to what was configured, empty, at the machine's time; clients come along", async () => {
    const emulator = await started({ configs: [queues("q")], createOnUse: true });
    const client = serviceBusClient(emulator, patient);
    const [sender, receiver] = [client.createSender("q"), client.createReceiver("q")];
    await sender.sendMessages({ body: "old" });
    await client.createSender("made-on-use").sendMessages({ body: "old" });
    emulator.faults.refuse({ address: "q" }, { condition: "com.microsoft:server-busy" });
    emulator.advance("1d");
    await emulator.reset();
    expect(emulator.now()).toBeLessThan(new Date().getTime() + 3_600_000);
    expect(emulator.namespace().broker.queues()).toEqual(["q"]);
    await sender.sendMessages({ body: "new" });
    const messages = await receiver.receiveMessages(2, { maxWaitTimeInMs: 200 });
    expect(messages.map(({ body }) => body as unknown)).toEqual(["new"]);
    expect(emulator.recorded({ type: "connected" })).toHaveLength(1);
  });

  it("answers a receive of Event Grid that waits, with nothing", async () => {
    const emulator = await started();
    const { endpoint } = emulator.eventGrid;
    await fetch(`${endpoint}/$emulator/event-grid/topics/orders`, { method: "PUT", body: "{}" });
    const deliveryConfiguration = { deliveryMode: "Queue", queue: {} };
    await fetch(`${endpoint}/$emulator/event-grid/topics/orders/eventsubscriptions/audit`, {
      method: "PUT",
      body: JSON.stringify({ properties: { deliveryConfiguration } }),
    });
    const path = "/topics/orders/eventsubscriptions/audit:receive?api-version=2024-06-01&maxWaitTime=60";
    const waiting = fetch(`${endpoint}${path}`, { method: "POST" });
    const { notifier } = emulator.namespace();
    await vi.waitFor(() => expect(notifier.nextDueMs()).toBeDefined());
    await emulator.reset();
    expect(await (await waiting).json()).toEqual({ value: [] });
  });
});
