import { describe, expect, it } from "vitest";
import type { DeadLetterReceiver, SettleAction, Source } from "../../src/transport/index.js";
import {
  bury,
  complete,
  envelope,
  Fixture,
  groupSource,
  ids,
  listenerSource,
  now,
  queueSource,
  release,
  send,
  settle,
  subscriptionSource,
  sync,
} from "./adapter-fixture.js";

const minute = 60_000;
const sources: readonly [string, Source][] = [
  ["a queue", queueSource("jobs")],
  ["a queue with sessions", queueSource("ordered", { ordered: true })],
  ["a subscription", subscriptionSource("orders", "billing")],
  ["a consumer group", groupSource("sales", "readers", { partitions: 1 })],
  ["a listener", listenerSource("shipments", "mail")],
];

/** A source with dead letters of these ids. */
function dead(source: Source, ...names: string[]) {
  const fixture = new Fixture();
  const connection = fixture.connect([source]);
  const receiver = fixture.receiver(connection, source, { perLane: 100 });
  send(connection, source, ...names.map((id) => envelope(id, { key: "k", headers: { a: 1 } })));
  for (const delivery of now(receiver)) settle(receiver, delivery, bury);
  const letters = connection.deadLetters(source);
  const numbers = sync(letters.peek(10)).map(({ broker }) => broker.sequenceNumber ?? "");
  return { fixture, connection, letters, numbers };
}

const peeked = (letters: DeadLetterReceiver): readonly string[] => ids(sync(letters.peek(10)));

describe.each(sources)("the dead letters of %s", (_kind, source) => {
  it("are shown oldest first, with the whole record, and stay", () => {
    const { letters } = dead(source, "1", "2");
    const [first] = sync(letters.peek(1));
    expect(first?.record).toEqual({
      reason: "Permanent",
      description: "it cannot be done",
      attempts: 2,
      deliveryCount: 2,
      consumer: "svc",
      from: "here",
      at: "2026-01-01T00:00:00.000Z",
    });
    expect({ ...first?.envelope.headers }).toEqual({ a: 1 });
    expect(peeked(letters)).toEqual(["1", "2"]);
  });

  it("are taken by number, and removed when they are completed", () => {
    const { letters, numbers } = dead(source, "1", "2", "3");
    const taken = sync(letters.take([numbers[1] ?? "", "12345"]));
    expect(ids(taken)).toEqual(["2"]);
    expect(settle(letters, taken[0], complete)).toBeUndefined();
    expect(peeked(letters)).toEqual(["1", "3"]);
    expect(sync(letters.take([numbers[1] ?? ""]))).toEqual([]);
  });

  it("are put back when they are released", () => {
    const { connection, letters, numbers } = dead(source, "1");
    const [taken] = sync(letters.take(numbers));
    const others = connection.deadLetters(source);
    expect(sync(others.take(numbers))).toEqual([]);
    expect(settle(letters, taken, release)).toBeUndefined();
    expect(ids(sync(others.take(numbers)))).toEqual(["1"]);
  });

  it.each<[SettleAction["kind"], SettleAction]>([
    ["defer", { kind: "defer" }],
    ["deadLetter", bury],
  ])("can not be settled by %s, which puts them back", (_kind, action) => {
    const { letters, numbers } = dead(source, "1");
    const [taken] = sync(letters.take(numbers));
    expect(settle(letters, taken, action)).toBe("unsupported");
    expect(ids(sync(letters.take(numbers)))).toEqual(["1"]);
  });

  it("can not be settled when they were only peeked", () => {
    const { letters } = dead(source, "1");
    const [seen] = sync(letters.peek(1));
    expect(settle(letters, seen, complete)).toBe("lockLost");
    expect(peeked(letters)).toEqual(["1"]);
    void letters.close();
  });

  it("can be taken by another when who took them is gone for a while", async () => {
    const { fixture, connection, letters, numbers } = dead(source, "1");
    void letters.take(numbers);
    void letters.close();
    await fixture.advance(minute);
    expect(ids(sync(connection.deadLetters(source).take(numbers)))).toEqual(["1"]);
  });

  it("have bytes of their own", () => {
    const { letters } = dead(source, "1");
    sync(letters.peek(1))[0]?.envelope.body.fill(0);
    expect(Buffer.from(sync(letters.peek(1))[0]!.envelope.body).toString()).toBe(`{"id":"1"}`);
  });
});

describe("a dead letter that the broker made", () => {
  it("says that it was delivered too often", async () => {
    const jobs = queueSource("jobs", { maxDeliveries: 2, lockMs: minute });
    const fixture = new Fixture();
    const connection = fixture.connect([jobs]);
    const receiver = fixture.receiver(connection, jobs);
    send(connection, jobs, envelope("1"));
    for (let n = 0; n < 2; n += 1) {
      expect(now(receiver)).toHaveLength(1);
      await fixture.advance(minute);
    }
    expect(sync(connection.deadLetters(jobs).peek(1))).toMatchObject([
      { envelope: { id: "1" }, record: { reason: "BrokerMaxDelivery", deliveryCount: 2, from: "jobs" } },
    ]);
  });

  it.each<[string, Source]>([
    ["a queue", queueSource("jobs", { ttlMs: minute })],
    ["a subscription", subscriptionSource("orders", "billing", { types: undefined }, { ttlMs: minute })],
  ])("says that it expired in %s", async (_kind, source) => {
    const fixture = new Fixture();
    const connection = fixture.connect([source]);
    // Without a receiver the service leaves expired messages where they are.
    fixture.receiver(connection, source);
    send(connection, source, envelope("1"), envelope("2", { ttlMs: 1_000 }));
    const reasons = () =>
      sync(connection.deadLetters(source).peek(5)).map(({ envelope: { id }, record }) => [id, record.reason]);
    await fixture.advance(1_000);
    expect(reasons()).toEqual([["2", "BrokerExpired"]]);
    await fixture.advance(minute);
    expect(reasons()).toEqual([
      ["2", "BrokerExpired"],
      ["1", "BrokerExpired"],
    ]);
  });
});
