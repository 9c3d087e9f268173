import type { EventPosition } from "@azure/event-hubs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { connectRhea, event } from "../engine/rhea-client.js";
import { startFixture, type Fixture } from "../fixture.js";
import { deferred, HubClient, type Subscribed } from "./hub-client.js";

let fixture: Fixture;
let sales: HubClient;

beforeEach(async () => {
  fixture = await startFixture();
  fixture.namespace.createHub("sales", { partitions: 2 });
  fixture.namespace.enter(() => {
    fixture.namespace.streams.createConsumerGroup("sales", "billing");
  });
  sales = new HubClient(fixture, "sales");
});

afterEach(async () => {
  await sales.close();
  await fixture.close();
  expect(fixture.faults).toEqual([]);
});

const earliest: EventPosition = { offset: "-1" };

/** Sends one event after the other, each a minute later than the one before, to partition 0. */
async function publish(...bodies: readonly unknown[]): Promise<void> {
  const producer = sales.producer();
  for (const body of bodies) {
    await producer.sendBatch([{ body }], { partitionId: "0" });
    fixture.clock.advance(60_000);
  }
}

describe("a consumer of @azure/event-hubs", () => {
  it("reads from the oldest event", async () => {
    await publish("a", "b", "c");
    const events = await sales.read(3, earliest);
    expect(events.map(({ body }) => body as unknown)).toEqual(["a", "b", "c"]);
  });

  it("reads with offset latest what comes after it attached, as it comes", async () => {
    await publish("old");
    const reading = await sales.subscribe({ offset: "@latest" });
    await publish("new", "newer");
    expect(await reading.bodies(2)).toEqual(["new", "newer"]);
    await reading.close();
  });

  it.each([
    ["after an offset", (at: At) => ({ offset: at.offset }), ["c", "d"]],
    ["at an offset, inclusive", (at: At) => ({ offset: at.offset, isInclusive: true }), ["b", "c", "d"]],
    ["after a sequence number", (at: At) => ({ sequenceNumber: at.sequenceNumber }), ["c", "d"]],
    [
      "at a sequence number, inclusive",
      (at: At) => ({ sequenceNumber: at.sequenceNumber, isInclusive: true }),
      ["b", "c", "d"],
    ],
    ["after the time of an event", (at: At) => ({ enqueuedOn: at.enqueuedTimeUtc }), ["c", "d"]],
  ])("reads from a position %s", async (_, positionOf, expected) => {
    await publish("a", "b", "c", "d");
    const [, second] = await sales.read(4, earliest);
    if (second === undefined) throw new Error("there is a second event");
    const events = await sales.read(expected.length, positionOf(second));
    expect(events.map(({ body }) => body as unknown)).toEqual(expected);
  });

  it("sees times of the machine, although the emulator's clock was moved ahead", async () => {
    fixture.clock.advance(3_600_000);
    await publish("a");
    const { lastEnqueuedTimeMs = 0 } = fixture.namespace.streams.partitionProperties("sales", "0");
    const [first] = await sales.read(1, earliest);
    // An emulated minute has passed since: the event looks a minute old.
    expect(first?.enqueuedTimeUtc.getTime()).toBe(lastEnqueuedTimeMs - 3_660_000);
  });

  it("is refused a position beyond the end", async () => {
    await publish("a");
    await expect(sales.read(1, { sequenceNumber: 488 })).rejects.toMatchObject({
      code: "ArgumentError",
      message: expect.stringContaining(
        "The supplied sequence number '488' is invalid. The last sequence number in the system is '0'",
      ) as string,
    });
  });

  it("reads everything in every group", async () => {
    await publish("a", "b");
    const first = await sales.read(2, earliest);
    const second = await sales.read(2, earliest, { group: "billing" });
    expect(second.map(({ body }) => body as unknown)).toEqual(first.map(({ body }) => body as unknown));
  });

  it("is refused a group that does not exist", async () => {
    await expect(sales.read(1, earliest, { group: "nobody" })).rejects.toMatchObject({
      code: "MessagingEntityNotFoundError",
      message: expect.stringContaining("ConsumerGroups/nobody' could not be found") as string,
    });
  });

  it("is refused a hub that does not exist", async () => {
    const nowhere = new HubClient(fixture, "nowhere");
    await expect(nowhere.read(1, earliest)).rejects.toMatchObject({ code: "MessagingEntityNotFoundError" });
    await nowhere.close();
  });

  it("is refused a partition that does not exist", async () => {
    await expect(sales.read(1, earliest, { partitionId: "7" })).rejects.toMatchObject({
      code: "ArgumentOutOfRangeError",
      message: expect.stringContaining("It should be between 0 and 1") as string,
    });
  });

  it("knows the end of the partition when it asked to", async () => {
    await publish("a", "b", "c");
    const reading = await sales.subscribe(earliest, {
      trackLastEnqueuedEventProperties: true,
      maxBatchSize: 1,
    });
    await reading.bodies(1);
    const { offset, sequenceNumber, enqueuedOn, retrievedOn } = reading.lastEnqueued() ?? {};
    const end = fixture.namespace.streams.partitionProperties("sales", "0");
    expect(sequenceNumber).toBe(2);
    expect(offset).toBe(end.lastEnqueuedOffset);
    expect(enqueuedOn?.getTime()).toBe(fixture.clock.toWire(end.lastEnqueuedTimeMs ?? 0));
    expect(retrievedOn?.getTime()).toBeGreaterThan(enqueuedOn?.getTime() ?? Infinity);
    await reading.close();
  });

  it("does not know it otherwise", async () => {
    await publish("a");
    const reading = await sales.subscribe(earliest);
    await reading.bodies(1);
    expect(reading.lastEnqueued()?.sequenceNumber).toBeUndefined();
    await reading.close();
  });

  it("hears that its hub is gone", async () => {
    const reading = await sales.subscribe(earliest);
    await publish("a");
    await reading.bodies(1);
    fixture.namespace.deleteHub("sales");
    expect(await reading.error).toMatchObject({ code: "MessagingEntityNotFoundError" });
    await reading.close();
  });

  it("gets ten thousand events in order", async () => {
    const bodies = Array.from({ length: 10_000 }, (_, index) => index);
    const producer = sales.producer();
    for (let at = 0; at < bodies.length; at += 500) {
      const batch = bodies.slice(at, at + 500).map((body) => ({ body }));
      await producer.sendBatch(batch, { partitionId: "1" });
    }
    const events = await sales.read(bodies.length, earliest, { partitionId: "1", maxBatchSize: 500 });
    expect(events.map(({ body }) => body as unknown)).toEqual(bodies);
  });
});

interface At {
  readonly offset: string;
  readonly sequenceNumber: number;
  readonly enqueuedTimeUtc: Date;
}

describe("owner levels", () => {
  const attached = async (options: { ownerLevel?: number } = {}): Promise<Subscribed> => {
    const reading = await sales.subscribe(earliest, options);
    await reading.bodies(1);
    return reading;
  };

  beforeEach(() => publish("a"));

  it.each([
    ["higher", 2],
    ["equal", 1],
  ])("a reader of %s level takes the partition", async (_, ownerLevel) => {
    const loser = await attached({ ownerLevel: 1 });
    const winner = await attached({ ownerLevel });
    expect(await loser.error).toMatchObject({
      code: "ReceiverDisconnectedError",
      message: expect.stringMatching(
        new RegExp(`New receiver '.+' with higher epoch of '${String(ownerLevel)}' is created hence current`),
      ) as string,
    });
    await publish("b");
    expect(await winner.bodies(2)).toEqual(["a", "b"]);
    await Promise.all([loser.close(), winner.close()]);
  });

  it("a reader of lower level is refused", async () => {
    const winner = await attached({ ownerLevel: 5 });
    const loser = await sales.subscribe(earliest, { ownerLevel: 4 });
    expect(await loser.error).toMatchObject({
      code: "ReceiverDisconnectedError",
      message: expect.stringMatching(/with a higher epoch '5' already exists/) as string,
    });
    await Promise.all([loser.close(), winner.close()]);
  });

  it("a reader without level is refused while one with a level reads", async () => {
    const winner = await attached({ ownerLevel: 1 });
    const loser = await sales.subscribe(earliest);
    expect(await loser.error).toMatchObject({
      code: "ReceiverDisconnectedError",
      message: expect.stringContaining("non-epoch receiver is not allowed") as string,
    });
    await Promise.all([loser.close(), winner.close()]);
  });

  it("a reader with a level disconnects all without", async () => {
    const losers = [await attached(), await attached()];
    const winner = await attached({ ownerLevel: 1 });
    for (const loser of losers)
      expect(await loser.error).toMatchObject({ code: "ReceiverDisconnectedError" });
    await Promise.all([...losers, winner].map((each) => each.close()));
  });

  it("five readers without level share a partition, a sixth is refused", async () => {
    const readers: Subscribed[] = [];
    for (let count = 0; count < 5; count += 1) readers.push(await attached());
    const sixth = await sales.subscribe(earliest);
    expect(await sixth.error).toMatchObject({
      code: "QuotaExceededError",
      message: expect.stringContaining("maximum number of allowed receivers per partition") as string,
    });
    await Promise.all([...readers, sixth].map((each) => each.close()));
  });

  it("a partition is free as soon as its reader has gone", async () => {
    const first = await attached({ ownerLevel: 9 });
    await first.close();
    const second = await attached();
    await second.close();
  });
});

describe("any AMQP client", () => {
  it("may leave out the filter, and reads from the oldest event", async () => {
    await publish("a");
    const connection = await connectRhea(fixture.port);
    const receiver = connection.open_receiver(
      "amqps://host.example/SALES/consumergroups/$default/partitions/0",
    );
    const { message } = await event(receiver, "message");
    expect(message?.message_annotations).toMatchObject({ "x-opt-sequence-number": 0, "x-opt-offset": "0" });
    connection.close();
  });

  it("may settle events itself", async () => {
    await publish("a", "b");
    const connection = await connectRhea(fixture.port);
    const receiver = connection.open_receiver({
      source: "sales/ConsumerGroups/$Default/Partitions/0",
      snd_settle_mode: 0,
      autoaccept: false,
      credit_window: 1,
    });
    const { delivery } = await event(receiver, "message");
    expect(delivery?.remote_settled).toBe(false);
    const next = event(receiver, "message");
    delivery?.accept();
    expect((await next).message?.message_annotations).toMatchObject({ "x-opt-sequence-number": 1 });
    connection.close();
  });

  it.each([
    ["amqp.annotation.x-opt-offset < '7'", "com.microsoft:argument-error"],
    ["amqp.annotation.x-opt-sequence-number > 'seven'", "com.microsoft:argument-error"],
    ["color = 'red'", "com.microsoft:argument-error"],
  ])("is refused the filter %s", async (selector, condition) => {
    const connection = await connectRhea(fixture.port);
    const receiver = connection.open_receiver({
      source: {
        address: "sales/ConsumerGroups/$Default/Partitions/0",
        filter: { "apache.org:selector-filter:string": selector },
      },
    });
    await event(receiver, "receiver_error");
    expect(receiver.error).toMatchObject({ condition });
    connection.close();
  });

  it("cannot read a hub as a whole, nor send to a group", async () => {
    const connection = await connectRhea(fixture.port);
    const receiver = connection.open_receiver("sales");
    await event(receiver, "receiver_error");
    expect(receiver.error).toMatchObject({ condition: "amqp:not-allowed" });
    const sender = connection.open_sender("sales/ConsumerGroups/$Default/Partitions/0");
    await event(sender, "sender_error");
    expect(sender.error).toMatchObject({ condition: "amqp:not-allowed" });
    connection.close();
  });

  it("gets what there is, and its credit back, when it drains", async () => {
    await publish("a", "b");
    const connection = await connectRhea(fixture.port);
    const receiver = connection.open_receiver({
      source: "sales/ConsumerGroups/$Default/Partitions/0",
      credit_window: 0,
    });
    await event(receiver, "receiver_open");
    const bodies: unknown[] = [];
    const drained = deferred<undefined>();
    receiver.on("message", ({ message }: { message?: { body: unknown } }) => bodies.push(message?.body));
    receiver.on("receiver_drained", () => {
      drained.resolve(undefined);
    });
    receiver.drain_credit();
    receiver.add_credit(10);
    await drained.promise;
    expect(bodies).toHaveLength(2);
    connection.close();
  });
});
