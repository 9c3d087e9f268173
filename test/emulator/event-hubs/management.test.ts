import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { startFixture, type Fixture } from "../fixture.js";
import { HubClient } from "./hub-client.js";

let fixture: Fixture;
let sales: HubClient;

beforeEach(async () => {
  fixture = await startFixture();
  fixture.namespace.createHub("Sales", { partitions: 3 });
  sales = new HubClient(fixture, "sales");
});

afterEach(async () => {
  await sales.close();
  await fixture.close();
  expect(fixture.faults).toEqual([]);
});

describe("$management of Event Hubs", () => {
  it("tells the properties of a hub", async () => {
    const { createdMs } = fixture.namespace.streams.hubProperties("sales");
    fixture.clock.advance(5_000);
    const properties = await sales.producer().getEventHubProperties();
    expect(properties).toEqual({
      name: "Sales",
      createdOn: new Date(createdMs - 5_000),
      partitionIds: ["0", "1", "2"],
      isGeoDrEnabled: false,
    });
    expect(await sales.consumer().getPartitionIds()).toEqual(["0", "1", "2"]);
  });

  it("tells the properties of an empty partition", async () => {
    expect(await sales.consumer().getPartitionProperties("1")).toEqual({
      eventHubName: "Sales",
      partitionId: "1",
      beginningSequenceNumber: 0,
      lastEnqueuedSequenceNumber: -1,
      lastEnqueuedOffset: "-1",
      lastEnqueuedOnUtc: new Date(0),
      isEmpty: true,
    });
  });

  it("tells where a partition begins and ends", async () => {
    const producer = sales.producer();
    await producer.sendBatch([{ body: "a" }, { body: "b" }, { body: "c" }], { partitionId: "2" });
    const [first, , third] = await sales.read(3, { offset: "-1" }, { partitionId: "2" });
    expect(await producer.getPartitionProperties("2")).toEqual({
      eventHubName: "Sales",
      partitionId: "2",
      beginningSequenceNumber: first?.sequenceNumber,
      lastEnqueuedSequenceNumber: third?.sequenceNumber,
      lastEnqueuedOffset: third?.offset,
      lastEnqueuedOnUtc: third?.enqueuedTimeUtc,
      isEmpty: false,
    });
  });

  it("tells that what was retained has gone", async () => {
    await sales.producer().sendBatch([{ body: "a" }, { body: "b" }], { partitionId: "0" });
    fixture.clock.advance(2 * 3_600_000);
    expect(await sales.consumer().getPartitionProperties("0")).toMatchObject({
      beginningSequenceNumber: 2,
      lastEnqueuedSequenceNumber: 1,
      isEmpty: true,
    });
  });

  it("refuses a partition that does not exist", async () => {
    await expect(sales.consumer().getPartitionProperties("3")).rejects.toMatchObject({
      code: "ArgumentOutOfRangeError",
      message: expect.stringContaining("It should be between 0 and 2") as string,
    });
  });

  it("refuses a hub that does not exist", async () => {
    const nowhere = new HubClient(fixture, "nowhere");
    await expect(nowhere.producer().getEventHubProperties()).rejects.toMatchObject({
      code: "MessagingEntityNotFoundError",
    });
    await nowhere.close();
  });

  it("refuses a hub that was deleted while the link was open", async () => {
    const producer = sales.producer();
    await producer.getEventHubProperties();
    fixture.namespace.deleteHub("sales");
    await expect(producer.getEventHubProperties()).rejects.toMatchObject({
      code: "MessagingEntityNotFoundError",
    });
  });
});
