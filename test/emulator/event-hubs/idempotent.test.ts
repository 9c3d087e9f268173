import { EventHubBufferedProducerClient, type EventHubProducerClient } from "@azure/event-hubs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { connectRhea, event } from "../engine/rhea-client.js";
import { quick, startFixture, type Fixture } from "../fixture.js";
import { HubClient } from "./hub-client.js";

let fixture: Fixture;
let sales: HubClient;

beforeEach(async () => {
  fixture = await startFixture();
  fixture.namespace.createHub("sales", { partitions: 2 });
  sales = new HubClient(fixture, "sales");
});

afterEach(async () => {
  await sales.close();
  await fixture.close();
  expect(fixture.faults).toEqual([]);
});

/** What version 6 of the SDK keeps for its buffered producer, and has no option for. */
interface Internals {
  _enableIdempotentRetries: boolean;
  _partitionOptions: Record<
    string,
    { ownerLevel?: number; producerGroupId?: number; startingSequenceNumber?: number }
  >;
  getPartitionPublishingProperties(partitionId: string): Promise<PublishingProperties>;
}

interface PublishingProperties {
  readonly producerGroupId?: number;
  readonly ownerLevel?: number;
  readonly lastPublishedSequenceNumber?: number;
}

// A cast through `unknown`: names with underscores are private there.
type IdempotentProducer = Pick<EventHubProducerClient, "sendBatch"> & Internals;

function idempotentProducer(options: Internals["_partitionOptions"] = {}): IdempotentProducer {
  const producer = sales.producer() as unknown as IdempotentProducer;
  producer._enableIdempotentRetries = true;
  producer._partitionOptions = options;
  return producer;
}

describe("an idempotent producer", () => {
  it("is the buffered producer of @azure/event-hubs with retries enabled", async () => {
    const sent: unknown[] = [];
    const failed: Error[] = [];
    const producer = new EventHubBufferedProducerClient(fixture.connectionString(), "sales", {
      ...quick,
      enableIdempotentRetries: true,
      maxWaitTimeInMs: 20,
      onSendEventsSuccessHandler: ({ events }) => sent.push(...events.map(({ body }) => body as unknown)),
      onSendEventsErrorHandler: ({ error }) => failed.push(error),
    });
    for (const body of ["a", "b", "c"]) {
      await producer.enqueueEvent({ body }, { partitionId: "1" });
      await producer.flush();
    }
    await producer.close();
    expect(failed).toEqual([]);
    expect(sent).toEqual(["a", "b", "c"]);
    const events = await sales.read(3, { offset: "-1" }, { partitionId: "1" });
    expect(events.map(({ body }) => body as unknown)).toEqual(["a", "b", "c"]);
  });

  it("is told what it got, and where it goes on", async () => {
    const producer = idempotentProducer();
    const before = await producer.getPartitionPublishingProperties("0");
    expect(before).toMatchObject({ ownerLevel: 0, lastPublishedSequenceNumber: 0 });
    expect(before.producerGroupId).toBeGreaterThan(0);
    await producer.sendBatch(
      [1, 2, 3, 4, 5].map((body) => ({ body })),
      { partitionId: "0" },
    );
    const { producerGroupId = 0 } = before;
    const next = idempotentProducer({ "0": { producerGroupId, ownerLevel: 0 } });
    expect(await next.getPartitionPublishingProperties("0")).toMatchObject({
      producerGroupId,
      ownerLevel: 0,
      lastPublishedSequenceNumber: 5,
    });
  });

  it("is disconnected by one of its group with a higher level", async () => {
    const first = idempotentProducer();
    await first.sendBatch([{ body: 1 }], { partitionId: "0" });
    const { producerGroupId = 0 } = await first.getPartitionPublishingProperties("0");
    const second = idempotentProducer({ "0": { producerGroupId, ownerLevel: 1 } });
    await second.sendBatch([{ body: 2 }], { partitionId: "0" });
    await expect(first.sendBatch([{ body: 3 }], { partitionId: "0" })).rejects.toMatchObject({
      message: expect.stringContaining("with the same or a higher owner level") as string,
    });
  });

  it("is refused a level below zero", async () => {
    const producer = idempotentProducer({ "0": { ownerLevel: -1, producerGroupId: 1 } });
    await expect(producer.sendBatch([{ body: 1 }], { partitionId: "0" })).rejects.toMatchObject({
      code: "ArgumentOutOfRangeError",
    });
  });
});

describe("numbered batches on the wire", () => {
  const open = async () => {
    const connection = await connectRhea(fixture.port);
    const sender = connection.open_sender({
      target: "sales/Partitions/0",
      desired_capabilities: ["com.microsoft:idempotent-producer"],
    });
    await event(sender, "sendable");
    const numbered = (number: number) => ({
      body: number,
      message_annotations: { "com.microsoft:producer-sequence-number": number },
    });
    return { connection, sender, numbered };
  };

  it("that are repeated are answered again and stored once", async () => {
    const { connection, sender, numbered } = await open();
    for (const number of [1, 2, 2, 3]) {
      sender.send(numbered(number));
      await event(sender, "accepted");
    }
    connection.close();
    expect(fixture.namespace.streams.partitionProperties("sales", "0").lastEnqueuedSequenceNumber).toBe(2);
  });

  it("that leave one out are refused", async () => {
    const { connection, sender, numbered } = await open();
    sender.send(numbered(2));
    const { delivery } = await event(sender, "rejected");
    expect(delivery?.remote_state).toMatchObject({
      error: { condition: "com.microsoft:out-of-order-sequence" },
    });
    connection.close();
  });

  it("that have no number are refused", async () => {
    const { connection, sender } = await open();
    sender.send({ body: 1 });
    const { delivery } = await event(sender, "rejected");
    expect(delivery?.remote_state).toMatchObject({ error: { condition: "com.microsoft:argument-error" } });
    connection.close();
  });

  it("need a partition", async () => {
    const connection = await connectRhea(fixture.port);
    const sender = connection.open_sender({
      target: "sales",
      desired_capabilities: ["com.microsoft:idempotent-producer"],
    });
    await event(sender, "sender_error");
    expect(sender.error).toMatchObject({ condition: "com.microsoft:argument-error" });
    connection.close();
  });
});
