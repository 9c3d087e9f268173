import { describe, expect, it } from "vitest";
import type { Delivery, Receiver } from "../../src/transport/index.js";
import {
  bury,
  complete,
  envelope,
  Fixture,
  groupSource,
  ids,
  never,
  now,
  release,
  send,
  settle,
  sync,
} from "./adapter-fixture.js";

const sales = groupSource("sales", "readers", { partitions: 4 });
const of = (id: string, key: string) => envelope(id, { key });

function open() {
  const fixture = new Fixture();
  const connection = fixture.connect([sales]);
  const reader = (options = {}) => fixture.receiver(connection, sales, { perLane: 32, ...options });
  return { fixture, connection, reader };
}

const failing = (checkpoint: () => unknown): string => {
  try {
    checkpoint();
  } catch (error) {
    return (error as { code: string }).code;
  }
  return "nothing";
};

/** Keys of which each partition has some. */
const keys = Array.from({ length: 24 }, (_, n) => `key-${String(n)}`);
const partitionsOf = (deliveries: readonly Delivery[]): readonly string[] =>
  [...new Set(deliveries.map(({ lane }) => lane ?? ""))].sort();

describe("a stream receiver", () => {
  it("gives the events of a key in order, from one partition", () => {
    const { connection, reader } = open();
    send(connection, sales, of("1", "a"), of("2", "b"), of("3", "a"), of("4", "a"));
    const got = now(reader(), 100).filter(({ envelope: { key } }) => key === "a");
    expect(ids(got)).toEqual(["1", "3", "4"]);
    expect(partitionsOf(got)).toHaveLength(1);
    expect(got.map(({ deliveryCount, lockedUntilMs }) => [deliveryCount, lockedUntilMs])).toEqual(
      got.map(() => [1, undefined]),
    );
    expect(got[0]?.broker).toMatchObject({
      messageId: "1",
      partition: got[0]?.lane,
      offset: expect.any(String) as string,
    });
  });

  it("spreads batches without a key over the partitions", () => {
    const { connection, reader } = open();
    for (const id of ["1", "2", "3", "4"]) send(connection, sales, envelope(id));
    expect(partitionsOf(now(reader(), 100))).toEqual(["0", "1", "2", "3"]);
  });

  it("reads on for as many events as a partition may have unsettled", () => {
    const { connection, reader } = open();
    send(connection, sales, of("1", "a"), of("2", "a"), of("3", "a"));
    const receiver = reader({ perLane: 2 });
    const got = now(receiver, 100);
    expect(ids(got)).toEqual(["1", "2"]);
    expect(now(receiver, 100)).toEqual([]);
    expect(settle(receiver, got[0], complete)).toBeUndefined();
    expect(ids(now(receiver, 100))).toEqual(["3"]);
  });

  it("waits for the next event, and for room", async () => {
    const { connection, reader } = open();
    const receiver = reader({ perLane: 1 });
    const first = Promise.resolve(receiver.receive(10, never));
    send(connection, sales, of("1", "a"), of("2", "a"));
    const got = await first;
    const second = Promise.resolve(receiver.receive(10, never));
    settle(receiver, got[0], complete);
    expect([ids(got), ids(await second)]).toEqual([["1"], ["2"]]);
  });

  it("does not let a busy partition starve the others", () => {
    const { connection, reader } = open();
    send(
      connection,
      sales,
      ...Array.from({ length: 50 }, (_, n) => of(String(n), "a")),
      ...keys.map((key) => of(key, key)),
    );
    const receiver = reader();
    const got = [...now(receiver, 32), ...now(receiver, 32), ...now(receiver, 32), ...now(receiver, 32)];
    expect(partitionsOf(got)).toEqual(["0", "1", "2", "3"]);
  });

  it("lets every group read everything", () => {
    const { fixture, connection, reader } = open();
    const other = groupSource("sales", "others", { partitions: 4 });
    send(connection, sales, of("1", "a"));
    expect(ids(now(reader()))).toEqual(["1"]);
    expect(ids(now(fixture.receiver(fixture.connect([other]), other)))).toEqual(["1"]);
  });

  it("goes on after the checkpoint, not after what was completed", () => {
    const { connection, reader } = open();
    send(connection, sales, of("1", "a"), of("2", "a"), of("3", "a"));
    const first = reader();
    const got = now(first);
    for (const each of got) settle(first, each, complete);
    void first.checkpoint?.(got[1]!);
    void first.checkpoint?.(got[0]!);
    void first.close();
    expect(ids(now(reader()))).toEqual(["3"]);
  });

  it.each([
    ["earliest", ["old", "new"]],
    ["latest", ["new"]],
  ] as const)("begins at the %s place when there is no checkpoint", (startFrom, expected) => {
    const { connection, reader } = open();
    send(connection, sales, of("old", "a"));
    const receiver = reader({ startFrom });
    send(connection, sales, of("new", "a"));
    expect(ids(now(receiver))).toEqual(expected);
  });

  it("begins after a time", async () => {
    const { fixture, connection, reader } = open();
    send(connection, sales, of("old", "a"));
    const afterMs = fixture.runtime.now();
    await fixture.advance(1);
    send(connection, sales, of("new", "a"));
    expect(ids(now(reader({ startFrom: { afterMs } })))).toEqual(["new"]);
  });

  it("loses nothing of a group that began at the latest place and changed hands before its first checkpoint", () => {
    const { connection, reader } = open();
    const first = reader({ startFrom: "latest" });
    send(connection, sales, of("1", "a"));
    void first.close();
    expect(ids(now(reader({ startFrom: "latest" })))).toEqual(["1"]);
  });

  it("shares the partitions evenly, and takes from the old owner what it had in flight", () => {
    const { fixture, connection, reader } = open();
    const first = reader();
    send(connection, sales, ...keys.map((key) => of(key, key)));
    const before = now(first, 100);
    const second = reader();
    const moved = now(second, 100);
    expect(partitionsOf(before)).toHaveLength(4);
    expect(partitionsOf(moved)).toHaveLength(2);
    expect(fixture.lost.map(({ id }) => id).sort()).toEqual([...ids(moved)].sort());
    expect(fixture.lost.every(({ code }) => code === "lockLost")).toBe(true);
    const stale = before.find(({ lane }) => lane === moved[0]?.lane)!;
    expect(settle(first, stale, complete)).toBe("lockLost");
    expect(failing(() => first.checkpoint?.(stale))).toBe("lockLost");
    const kept = before.find(({ lane }) => !partitionsOf(moved).includes(lane ?? ""))!;
    expect(settle(first, kept, complete)).toBeUndefined();
    expect(failing(() => first.checkpoint?.(kept))).toBe("nothing");
  });

  it("gives the partitions of a reader that leaves to the others, who wake up", async () => {
    const { connection, reader } = open();
    const [first, second] = [reader(), reader()] as const;
    const waiting: Promise<readonly Delivery[]> = Promise.resolve(second.receive(100, never));
    void first.close();
    send(connection, sales, ...keys.map((key) => of(key, key)));
    await waiting;
    const all = [...(await waiting), ...now(second, 100)];
    expect(partitionsOf(all)).toEqual(["0", "1", "2", "3"]);
  });

  it("leaves some readers without a partition when there are too many", () => {
    const { connection, reader } = open();
    const readers: readonly Receiver[] = Array.from({ length: 6 }, () => reader());
    send(connection, sales, ...keys.map((key) => of(key, key)));
    expect(readers.map((each) => partitionsOf(now(each, 100)).length)).toEqual([1, 1, 1, 1, 0, 0]);
  });

  it("parks an event with its record, and goes on", () => {
    const { connection, reader } = open();
    send(connection, sales, of("1", "a"), of("2", "a"));
    const receiver = reader({ perLane: 1 });
    expect(settle(receiver, now(receiver)[0], bury)).toBeUndefined();
    expect(ids(now(receiver))).toEqual(["2"]);
    expect(sync(connection.deadLetters(sales).peek(5))).toMatchObject([
      { envelope: { id: "1", key: "a" }, record: { reason: "Permanent", description: "it cannot be done" } },
    ]);
  });

  it("refuses what a log cannot do", () => {
    const { connection, reader } = open();
    send(connection, sales, of("1", "a"));
    const receiver = reader();
    const [got] = now(receiver);
    expect(settle(receiver, got, release)).toBe("unsupported");
    expect(settle(receiver, got, { kind: "defer" })).toBe("unsupported");
    expect(sync(receiver.renew([got!]))).toMatchObject([{ code: "unsupported" }]);
    expect(settle(receiver, got, complete)).toBeUndefined();
    expect(settle(receiver, got, complete)).toBe("lockLost");
  });

  it("answers nothing when it is closed", async () => {
    const { reader } = open();
    const receiver = reader();
    const waiting = Promise.resolve(receiver.receive(1, never));
    void receiver.close();
    void receiver.close();
    expect([await waiting, receiver.receive(1, never)]).toEqual([[], []]);
  });
});
