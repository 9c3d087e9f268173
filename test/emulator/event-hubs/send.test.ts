import { EventHubBufferedProducerClient } from "@azure/event-hubs";
import rhea from "rhea";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { partitionOfKey } from "../../../adapters/memory/broker/stream/partition-hash.js";
import { connectRhea, event, openSender } from "../engine/rhea-client.js";
import { quick, startFixture, type Fixture } from "../fixture.js";
import { HubClient } from "./hub-client.js";

let fixture: Fixture;
let sales: HubClient;

beforeEach(async () => {
  fixture = await startFixture();
  fixture.namespace.createHub("sales", { partitions: 4, maxBatchBytes: 65_536 });
  sales = new HubClient(fixture, "sales");
});

afterEach(async () => {
  await sales.close();
  await fixture.close();
  expect(fixture.faults).toEqual([]);
});

/** How many events each partition has had. */
function counts(): number[] {
  const { streams } = fixture.namespace;
  return streams
    .hubProperties("sales")
    .partitionIds.map((id) => streams.partitionProperties("sales", id).lastEnqueuedSequenceNumber + 1);
}

describe("a producer of @azure/event-hubs", () => {
  it("sends to a partition by its id", async () => {
    await sales.producer().sendBatch([{ body: "a" }, { body: "b" }], { partitionId: "2" });
    const events = await sales.read(2, { offset: "-1" }, { partitionId: "2" });
    expect(events.map(({ body }) => body as unknown)).toEqual(["a", "b"]);
    expect(events.map(({ sequenceNumber }) => sequenceNumber)).toEqual([0, 1]);
  });

  it("sends events of one key to the partition of that key, and readers see the key", async () => {
    const producer = sales.producer();
    await producer.sendBatch([{ body: 1 }, { body: 2 }], { partitionKey: "store-7" });
    await producer.sendBatch([{ body: 3 }], { partitionKey: "store-7" });
    const partitionId = String(partitionOfKey("store-7", 4));
    const events = await sales.read(3, { offset: "-1" }, { partitionId });
    expect(events.map(({ body }) => body as unknown)).toEqual([1, 2, 3]);
    expect(events.map(({ partitionKey }) => partitionKey)).toEqual(["store-7", "store-7", "store-7"]);
  });

  it("sends to the partitions in turn without key and id", async () => {
    const producer = sales.producer();
    for (let batch = 0; batch < 8; batch += 1) await producer.sendBatch([{ body: batch }]);
    expect(counts()).toEqual([2, 2, 2, 2]);
  });

  it("hands everything on that an event carries, and adds no message id", async () => {
    const body = { line: 7, text: "ключ" };
    const properties = { total: 1.5, count: 3, vip: true, at: new Date(1_700_000_000_000) };
    const producer = sales.producer();
    const target = { partitionId: "0" };
    await producer.sendBatch(
      [
        { body, properties, contentType: "application/json", messageId: "m1", correlationId: "c1" },
        { body: Buffer.from([0, 255]) },
      ],
      target,
    );
    await producer.sendBatch(
      [
        { body: ["a", 1], bodyType: "sequence" },
        { body: 42, bodyType: "value" },
      ],
      target,
    );
    const [first, second, third, fourth] = await sales.read(4, { offset: "-1" });
    expect(first).toMatchObject({
      body,
      contentType: "application/json",
      messageId: "m1",
      correlationId: "c1",
      properties: { total: 1.5, count: 3, vip: true, at: 1_700_000_000_000 },
    });
    expect(second?.body).toEqual(Buffer.from([0, 255]));
    expect(second?.messageId).toBeUndefined();
    expect(third?.body).toEqual(["a", 1]);
    expect(third?.getRawAmqpMessage().bodyType).toBe("sequence");
    expect(fourth?.body).toBe(42);
    expect(fourth?.getRawAmqpMessage().bodyType).toBe("value");
  });

  it("is told the size of a batch, and fills batches to it", async () => {
    const producer = sales.producer();
    const batch = await producer.createBatch({ partitionId: "1" });
    expect(batch.maxSizeInBytes).toBe(65_536);
    let added = 0;
    while (batch.tryAdd({ body: Buffer.alloc(1_000) })) added += 1;
    expect(added).toBe(63);
    await producer.sendBatch(batch);
    expect(counts()).toEqual([0, 63, 0, 0]);
  });

  it("is refused a batch above the limit, and can go on", async () => {
    const producer = sales.producer();
    await expect(producer.sendBatch([{ body: Buffer.alloc(70_000) }])).rejects.toMatchObject({
      code: "MessageTooLargeError",
      message: expect.stringMatching(/size:70\d\d\d bytes\) exceeds the limit \(65536 bytes\)/) as string,
    });
    await producer.sendBatch([{ body: "small" }], { partitionId: "3" });
    expect(counts()).toEqual([0, 0, 0, 1]);
  });

  it("is refused a partition that does not exist", async () => {
    await expect(sales.producer().sendBatch([{ body: 1 }], { partitionId: "4" })).rejects.toMatchObject({
      code: "ArgumentOutOfRangeError",
      message: expect.stringContaining("It should be between 0 and 3") as string,
    });
  });

  it("is refused a hub that does not exist", async () => {
    const nowhere = new HubClient(fixture, "nowhere");
    await expect(nowhere.producer().sendBatch([{ body: 1 }])).rejects.toMatchObject({
      code: "MessagingEntityNotFoundError",
      message: expect.stringMatching(/The messaging entity 'sb:.*nowhere' could not be found/) as string,
    });
    await nowhere.close();
  });

  it("is refused when the hub is deleted under it, and sends again when it is back", async () => {
    const producer = sales.producer();
    await producer.sendBatch([{ body: 1 }], { partitionId: "0" });
    fixture.namespace.deleteHub("sales");
    await expect(producer.sendBatch([{ body: 2 }], { partitionId: "0" })).rejects.toMatchObject({
      code: "MessagingEntityNotFoundError",
    });
    fixture.namespace.createHub("sales", { partitions: 4 });
    await producer.sendBatch([{ body: 3 }], { partitionId: "0" });
    expect(counts()).toEqual([1, 0, 0, 0]);
  });

  it("never waits for credit, however much it sends", async () => {
    const producer = sales.producer();
    const send = async (): Promise<void> => {
      // More than the client was granted at first.
      for (let batch = 0; batch < 30; batch += 1) await producer.sendBatch([{ body: batch }]);
    };
    await Promise.all(Array.from({ length: 100 }, send));
    expect(counts()).toEqual([750, 750, 750, 750]);
  });
});

describe("a buffered producer of @azure/event-hubs", () => {
  it("finds the same partition for a key as the service", async () => {
    const producer = new EventHubBufferedProducerClient(fixture.connectionString(), "sales", {
      ...quick,
      maxWaitTimeInMs: 20,
      onSendEventsErrorHandler: ({ error }) => {
        throw error;
      },
    });
    const keys = Array.from({ length: 40 }, (_, index) => `key-${String(index * 7919)}`);
    for (const partitionKey of keys) await producer.enqueueEvent({ body: partitionKey }, { partitionKey });
    await producer.close();
    const expected = [0, 0, 0, 0];
    for (const key of keys) {
      const index = partitionOfKey(key, 4);
      expected[index] = (expected[index] ?? 0) + 1;
    }
    expect(counts()).toEqual(expected);
  });
});

describe("a publisher by name", () => {
  it("has its name as the key of all that it sends", async () => {
    const connection = await connectRhea(fixture.port);
    const sender = await openSender(connection, "sales/Publishers/till-3");
    sender.send({ body: "a" });
    await event(sender, "accepted");
    sender.send({ body: "b", message_annotations: { "x-opt-partition-key": "till-3" } });
    await event(sender, "accepted");
    sender.send({ body: "c", message_annotations: { "x-opt-partition-key": "till-4" } });
    const { delivery } = await event(sender, "rejected");
    expect(delivery?.remote_state).toMatchObject({ error: { condition: "com.microsoft:argument-error" } });
    connection.close();
    const partitionId = String(partitionOfKey("till-3", 4));
    const events = await sales.read(2, { offset: "-1" }, { partitionId });
    expect(events.map(({ partitionKey }) => partitionKey)).toEqual(["till-3", "till-3"]);
  });
});

describe("a batch", () => {
  it("may have its key on the envelope alone", async () => {
    const connection = await connectRhea(fixture.port);
    const sender = await openSender(connection, "sales");
    const events = ["a", "b"].map((body) => rhea.message.encode({ body }));
    const envelope = {
      body: rhea.message.data_sections(events) as unknown,
      message_annotations: { "x-opt-partition-key": "store-7" },
    };
    sender.send(rhea.message.encode(envelope), undefined, 0x80013700);
    await event(sender, "accepted");
    connection.close();
    const partitionId = String(partitionOfKey("store-7", 4));
    const found = await sales.read(2, { offset: "-1" }, { partitionId });
    expect(found.map(({ partitionKey }) => partitionKey)).toEqual(["store-7", "store-7"]);
  });

  it("is refused whole when it is empty, no batch, or has events of two keys", async () => {
    const connection = await connectRhea(fixture.port);
    const sender = await openSender(connection, "sales");
    const keyed = (key: string) =>
      rhea.message.encode({ body: key, message_annotations: { "x-opt-partition-key": key } });
    const bodies: [unknown, string][] = [
      [rhea.message.data_sections([]), "com.microsoft:argument-error"],
      ["text", "amqp:decode-error"],
      [rhea.message.data_section(Buffer.from([1, 2, 3])), "amqp:decode-error"],
      [rhea.message.data_sections([keyed("a"), keyed("b")]), "com.microsoft:argument-error"],
    ];
    for (const [body, condition] of bodies) {
      sender.send(rhea.message.encode({ body }), undefined, 0x80013700);
      const { delivery } = await event(sender, "rejected");
      expect(delivery?.remote_state).toMatchObject({ error: { condition } });
    }
    connection.close();
    expect(counts()).toEqual([0, 0, 0, 0]);
  });
});
