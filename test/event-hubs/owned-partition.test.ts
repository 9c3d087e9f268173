import type { EventHubConsumerClient, ReceivedEventData } from "@azure/event-hubs";
import { describe, expect, it } from "vitest";
import { isUnreadable } from "../../adapters/event-hubs/unreadable-event.js";
import { OwnedPartition } from "../../adapters/event-hubs/owned-partition.js";
import { realRuntime } from "../../src/runtime/runtime.js";

type Handlers = Parameters<EventHubConsumerClient["subscribe"]>[1];

const eventAt = (sequenceNumber: number): ReceivedEventData => ({
  body: Buffer.from("{}"),
  offset: String(sequenceNumber),
  sequenceNumber,
  enqueuedTimeUtc: new Date(0),
  partitionKey: null,
  getRawAmqpMessage: () => ({ body: undefined }),
});

/** Whether another client reads the event behind a number: as it is told, one answer per time that it is asked. */
type Script = Readonly<Record<number, readonly boolean[]>>;

/** A partition whose own link is silent although its hub has the events 1 to 5. */
function silentPartition(script: Script) {
  const arrived: ReceivedEventData[] = [];
  const told: string[] = [];
  const asked: number[] = [];
  const own: Handlers[] = [];
  const client = {
    getPartitionProperties: () => Promise.resolve({ lastEnqueuedSequenceNumber: 5 }),
    subscribe: (_partition: string, handlers: Handlers) => {
      own.push(handlers);
      return { close: () => Promise.resolve() };
    },
  } as unknown as EventHubConsumerClient;
  const another = (): EventHubConsumerClient =>
    ({
      subscribe: (
        _partition: string,
        { processEvents }: Handlers,
        { startPosition }: { readonly startPosition: { readonly sequenceNumber: number } },
      ) => {
        const { sequenceNumber } = startPosition;
        const nth = asked.filter((each) => each === sequenceNumber).length;
        asked.push(sequenceNumber);
        const reads = script[sequenceNumber]?.[nth] ?? false;
        void processEvents(reads ? [eventAt(sequenceNumber + 1)] : [], undefined as never);
      },
      close: () => Promise.resolve(),
    }) as unknown as EventHubConsumerClient;
  const deadline = { runtime: realRuntime(), operationMs: 1_000 };
  const owned = new OwnedPartition(
    {
      client,
      another,
      partition: "0",
      where: "partition 0",
      perLane: 32,
      prefetch: 10,
      silenceMs: 100,
      deadline,
      closing: deadline,
    },
    { position: { offset: "-1" }, last: 0 },
    {
      arrived: (_tenure, events) => arrived.push(...events),
      startOver: () => Promise.resolve(),
      tell: ({ message }) => told.push(message),
      failed: () => undefined,
    },
  );
  owned.reader.start();
  const silences = async (): Promise<void> => {
    await new Promise((turn) => setImmediate(turn));
    for (let n = 0; n < 3; n += 1) await own.at(-1)?.processEvents([], undefined as never);
  };
  /** Until it has doubted its link, and then the event. */
  const doubted = async (): Promise<void> => {
    await silences();
    await owned.watch();
    await silences();
    await Promise.all([owned.watch(), owned.watch()]);
  };
  return { owned, arrived, told, asked, doubted };
}

describe("an event that does not come although the hub has it", () => {
  it("is not passed when another client reads it", async () => {
    const { owned, arrived, told, asked, doubted } = silentPartition({ 0: [true] });
    await doubted();
    expect([arrived, told, asked]).toEqual([[], [], [0]]);
    expect(owned.reader.running).toBe(true);
  });

  it("is not passed when another client reads it at the second try: the first may have been slow", async () => {
    const { arrived, told, asked, doubted } = silentPartition({ 0: [false, true], 1: [true] });
    await doubted();
    expect([arrived, told, asked]).toEqual([[], [], [0, 1, 0]]);
  });

  it("is passed as undecodable, once, when two tries fail and the one behind it is read in between", async () => {
    const { arrived, told, asked, doubted } = silentPartition({ 0: [false, false], 1: [true] });
    await doubted();
    expect(arrived.map((event) => [event.sequenceNumber, isUnreadable(event)])).toEqual([[1, true]]);
    expect(told).toEqual([expect.stringContaining("sequence number 1 at which")]);
    expect(asked).toEqual([0, 1, 0]);
  });

  it("is not passed when nothing behind it can be read either", async () => {
    const { owned, arrived, told, doubted } = silentPartition({});
    await doubted();
    expect([arrived, told]).toEqual([[], [expect.stringContaining("does not get on")]]);
    expect(await owned.behind()).toBe("0/1");
  });
});
