import type { EventHubConsumerClient, ReceivedEventData } from "@azure/event-hubs";
import { describe, expect, it } from "vitest";
import { EventDelivery } from "../../adapters/event-hubs/event-delivery.js";
import { isUnreadable } from "../../adapters/event-hubs/unreadable-event.js";
import { OwnedPartition } from "../../adapters/event-hubs/owned-partition.js";
import { realRuntime, type Runtime } from "../../src/runtime/runtime.js";
import { virtualRuntime } from "../../src/runtime/virtual-runtime.js";

type Handlers = Parameters<EventHubConsumerClient["subscribe"]>[1];

const eventAt = (sequenceNumber: number): ReceivedEventData => ({
  body: Buffer.from("{}"),
  offset: String(sequenceNumber),
  sequenceNumber,
  enqueuedTimeUtc: new Date(0),
  partitionKey: null,
  getRawAmqpMessage: () => ({ body: undefined }),
});

/**
 * What another client reads behind a number, one answer per time that it is asked: the next event, nothing, the event with
 * a number, or an error.
 */
type Script = Readonly<Record<number, readonly (boolean | number | Error)[]>>;

interface World {
  readonly runtime?: Runtime;
  /** Where the hub begins. */
  readonly begin?: number;
  /** Whether the own client answers questions. */
  readonly answers?: boolean;
  readonly perLane?: number;
  /** The sequence number of the checkpoint. */
  readonly done?: number;
  /** Drops the checkpoint. */
  readonly startOver?: () => Promise<void>;
}

/** A partition whose own link is silent although its hub has the events 1 to 5. */
function silentPartition(
  script: Script,
  { runtime = realRuntime(), begin = 0, answers = true, perLane = 32, done, startOver }: World = {},
) {
  const checkpoint =
    done === undefined ? undefined : { partition: "0", offset: String(done), sequenceNumber: String(done) };
  const arrived: ReceivedEventData[] = [];
  const told: string[] = [];
  const asked: number[] = [];
  const own: { readonly handlers: Handlers; readonly from: unknown }[] = [];
  let closed = 0;
  const ends = { beginningSequenceNumber: begin, lastEnqueuedSequenceNumber: 5 };
  const client = {
    getPartitionProperties: () =>
      answers ? Promise.resolve(ends) : Promise.reject(new Error("the connection broke")),
    subscribe: (_partition: string, handlers: Handlers, { startPosition }: Subscribed) => {
      own.push({ handlers, from: startPosition });
      return { close: () => Promise.resolve() };
    },
  } as unknown as EventHubConsumerClient;
  const another = (): EventHubConsumerClient =>
    ({
      getPartitionProperties: () => Promise.resolve(ends),
      subscribe: (_partition: string, handlers: Handlers, { startPosition }: Subscribed) => {
        const { sequenceNumber = -1 } = startPosition;
        const nth = asked.filter((each) => each === sequenceNumber).length;
        asked.push(sequenceNumber);
        const answer = script[sequenceNumber]?.[nth];
        if (answer === undefined) return;
        if (answer instanceof Error) void handlers.processError(answer, undefined as never);
        else {
          const number = answer === true ? sequenceNumber + 1 : answer;
          void handlers.processEvents(number === false ? [] : [eventAt(number)], undefined as never);
        }
      },
      close: () => {
        closed += 1;
        return Promise.resolve();
      },
    }) as unknown as EventHubConsumerClient;
  const deadline = { runtime, operationMs: 1_000 };
  const owned = new OwnedPartition(
    {
      client,
      another,
      partition: "0",
      where: "partition 0",
      perLane,
      prefetch: 10,
      silenceMs: 100,
      deadline,
      closing: deadline,
    },
    {
      position: { offset: "-1" },
      last: done === undefined ? 0 : done - 1,
      ...(checkpoint === undefined ? {} : { done: checkpoint }),
    },
    {
      arrived: (_tenure, events) => arrived.push(...events),
      startOver: startOver ?? (() => Promise.resolve()),
      tell: ({ message }) => told.push(message),
      failed: () => undefined,
    },
  );
  owned.reader.start();
  const turn = (): Promise<void> => new Promise((over) => void setImmediate(over));
  /** The SDK hands these out. */
  const gives = async (...numbers: readonly number[]): Promise<void> => {
    await turn();
    await own.at(-1)?.handlers.processEvents(numbers.map(eventAt), undefined as never);
    await turn();
  };
  const silences = async (): Promise<void> => {
    for (let n = 0; n < 3; n += 1) await gives();
  };
  /** Until it has doubted its link, and then the event. */
  const doubted = async (): Promise<void> => {
    await silences();
    await owned.watch();
    await silences();
    await Promise.all([owned.watch(), owned.watch()]);
    await turn();
  };
  return { owned, arrived, told, asked, own, doubted, gives, silences, closed: () => closed };
}

interface Subscribed {
  readonly startPosition: { readonly sequenceNumber?: number };
}

const numbersOf = (events: readonly ReceivedEventData[]): readonly number[] =>
  events.map(({ sequenceNumber }) => sequenceNumber);

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
    const { owned, arrived, told, doubted } = silentPartition({ 0: [false], 1: [false] });
    await doubted();
    expect([arrived, told]).toEqual([[], [expect.stringContaining("does not get on")]]);
    expect(await owned.behind()).toBe("0/1");
  });

  it("is not passed when another client cannot be had: the partition is read on", async () => {
    const { owned, arrived, silences, closed } = silentPartition({ 0: [new Error("refused")] });
    await silences();
    await owned.watch();
    await silences();
    await expect(owned.watch()).rejects.toThrow("refused");
    expect([arrived, owned.reader.running, owned.examining, closed()]).toEqual([[], true, false, 1]);
  });

  it("keeps no examination waiting when another client never answers", async () => {
    const runtime = virtualRuntime();
    const { owned, silences, asked, closed } = silentPartition({}, { runtime });
    await silences();
    await owned.watch();
    await silences();
    const watching = owned.watch();
    const answer = expect(watching).rejects.toMatchObject({ code: "timeout" });
    while (asked.length === 0) await new Promise((turn) => void setImmediate(turn));
    await runtime.drive({ target: runtime.now() + 120_000 });
    await answer;
    expect([owned.reader.running, closed()]).toEqual([true, 1]);
  });

  it("is examined though the connection of the own client breaks each time that it is asked", async () => {
    const script = { 0: [false, false], 1: [true] };
    const { arrived, doubted } = silentPartition(script, { answers: false });
    await doubted();
    expect(numbersOf(arrived)).toEqual([1]);
  });

  it("is being examined from the first doubt to the result, so that nobody makes the receiver anew", async () => {
    const { owned, silences } = silentPartition({ 0: [false], 1: [false] });
    await silences();
    expect(owned.examining).toBe(false);
    await owned.watch();
    expect(owned.examining).toBe(true);
    await silences();
    const watching = owned.watch();
    expect(owned.examining).toBe(true);
    await watching;
    expect(owned.examining).toBe(false);
  });
});

describe("an event that the SDK leaves out", () => {
  it("is read again over a new link, and what is behind it comes behind it", async () => {
    const { owned, arrived, asked, own, gives } = silentPartition({});
    await gives(1, 3, 4);
    expect(numbersOf(arrived)).toEqual([1]);
    expect(own.map(({ from }) => from)).toEqual([
      { offset: "-1" },
      { sequenceNumber: 1, isInclusive: false },
    ]);
    await gives(2, 3, 4);
    expect(numbersOf(arrived)).toEqual([1, 2, 3, 4]);
    expect([asked, owned.examining]).toEqual([[], false]);
  });

  it("is examined when it is left out again, and passed as undecodable", async () => {
    const { owned, arrived, own, gives } = silentPartition({ 1: [false, false], 2: [true] });
    await gives(1, 3);
    await gives(3);
    expect([owned.reader.running, numbersOf(arrived)]).toEqual([false, [1]]);
    await owned.watch();
    expect(arrived.map((event) => [event.sequenceNumber, isUnreadable(event)])).toEqual([
      [1, false],
      [2, true],
    ]);
    await gives(3);
    expect(own.at(-1)?.from).toEqual({ sequenceNumber: 2, isInclusive: false });
    expect(numbersOf(arrived)).toEqual([1, 2, 3]);
  });

  it("and that the hub does not have is passed, and the hub believed from then on: it leaves out some", async () => {
    const { owned, arrived, told, gives } = silentPartition({ 1: [3] });
    await gives(1, 3);
    await gives(3);
    await owned.watch();
    await gives(3, 5);
    expect([numbersOf(arrived), told]).toEqual([[1, 3, 5], []]);
  });

  it("because it has expired while others were handled is told, and later holes are looked at as before", async () => {
    const { owned, arrived, told, gives } = silentPartition({ 1: [3] }, { begin: 3 });
    await gives(1, 3);
    await gives(3);
    await owned.watch();
    await gives(3, 5);
    expect(numbersOf(arrived)).toEqual([1, 3]);
    expect(told).toEqual([expect.stringContaining("no longer has the events with sequence numbers 2 to 2")]);
  });
});

describe("a partition of which the SDK says nothing at all", () => {
  it("is read over a new link after the time of an operation and a silence", async () => {
    const runtime = virtualRuntime();
    const { owned, own, gives, arrived } = silentPartition({}, { runtime });
    await gives(1);
    await runtime.drive({ target: runtime.now() + 1_099 });
    await owned.watch();
    expect(own).toHaveLength(1);
    await runtime.drive({ target: runtime.now() + 1 });
    await owned.watch();
    await gives(2);
    expect(own.map(({ from }) => from)).toEqual([
      { offset: "-1" },
      { sequenceNumber: 1, isInclusive: false },
    ]);
    expect(numbersOf(arrived)).toEqual([1, 2]);
  });

  it("is left alone while the SDK waits for handlers", async () => {
    const runtime = virtualRuntime();
    const { owned, own } = silentPartition({}, { runtime, perLane: 1 });
    await new Promise((turn) => void setImmediate(turn));
    void own[0]?.handlers.processEvents([eventAt(1)], undefined as never);
    owned.tenure.open.add(new EventDelivery(eventAt(1), owned.tenure, "sales"));
    await runtime.drive({ target: runtime.now() + 60_000 });
    await owned.watch();
    expect(own).toHaveLength(1);
  });
});

describe("a checkpoint that turns out to be of another hub", () => {
  it("is still looked at when it could not be dropped at first", async () => {
    let isDown = true;
    const startOver = (): Promise<void> =>
      isDown ? Promise.reject(new Error("the store is down")) : Promise.resolve();
    const { arrived, gives, own } = silentPartition({}, { done: 9, startOver });
    await expect(gives(3, 4)).rejects.toThrow("the store is down");
    expect(own).toHaveLength(1);
    isDown = false;
    await gives(3, 4);
    expect([own.length, own.at(-1)?.from]).toEqual([2, { offset: "-1" }]);
    await gives(3, 4);
    expect(numbersOf(arrived)).toEqual([3, 4]);
  });
});
