import { EventHubBufferedProducerClient } from "@azure/event-hubs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
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

function bufferedProducer(failed: Error[]): EventHubBufferedProducerClient {
  return new EventHubBufferedProducerClient(fixture.connectionString(), "sales", {
    ...quick,
    maxWaitTimeInMs: 20,
    onSendEventsErrorHandler: ({ error }) => failed.push(error),
  });
}

describe("a buffered producer", () => {
  it("spreads what it buffered over the partitions, and loses nothing", async () => {
    const failed: Error[] = [];
    const producer = bufferedProducer(failed);
    const bodies = Array.from({ length: 20 }, (_, index) => index);
    await producer.enqueueEvents(bodies.map((body) => ({ body })));
    await producer.close();
    expect(failed).toEqual([]);
    const counts = ["0", "1"].map(
      (id) => fixture.namespace.streams.partitionProperties("sales", id).lastEnqueuedSequenceNumber + 1,
    );
    expect(counts).toEqual([10, 10]);
    const read = await Promise.all(
      counts.map((count, index) => sales.read(count, { offset: "-1" }, { partitionId: String(index) })),
    );
    const found = read.flat().map(({ body }) => Number(body));
    expect(found.sort((one, other) => one - other)).toEqual(bodies);
  });

  it("is told of hub and partitions, as a consumer is", async () => {
    const producer = bufferedProducer([]);
    const consumer = sales.consumer();
    expect(await producer.getPartitionIds()).toEqual(["0", "1"]);
    expect(await producer.getEventHubProperties()).toEqual(await consumer.getEventHubProperties());
    expect(await producer.getPartitionProperties("1")).toEqual(await consumer.getPartitionProperties("1"));
    await producer.close();
  });
});
