import { describe, expect, it } from "vitest";
import type { MessageFilter } from "../../src/transport/index.js";
import {
  bury,
  complete,
  envelope,
  Fixture,
  ids,
  listenerSource,
  never,
  now,
  send,
  settle,
  sync,
} from "./adapter-fixture.js";

const minute = 60_000;
const shipments = listenerSource("shipments", "mail");

function open(filter?: MessageFilter) {
  const fixture = new Fixture();
  const source = filter === undefined ? shipments : listenerSource("shipments", "mail", filter);
  const connection = fixture.connect([source]);
  return { fixture, connection, receiver: fixture.receiver(connection, source) };
}

describe("a listener", () => {
  it("gives back every field that travels in structured JSON", () => {
    const { fixture, connection, receiver } = open();
    const sent = envelope("1", { key: "k", ttlMs: 5, headers: { a: 1 }, history: { attempts: 1 } });
    send(connection, shipments, sent);
    const [got] = now(receiver);
    expect(got?.envelope).toMatchObject({ ...sent, headers: {}, body: Buffer.from(sent.body) });
    expect({ ...got?.envelope.headers }).toEqual({ a: 1 });
    expect([got?.deliveryCount, got?.lockedUntilMs]).toEqual([1, fixture.runtime.now() + minute]);
  });

  it("waits until a notification comes, and answers nothing when it is closed", async () => {
    const { connection, receiver } = open();
    const waiting = Promise.resolve(receiver.receive(5, never));
    send(connection, shipments, envelope("1"));
    expect(ids(await waiting)).toEqual(["1"]);
    const more = Promise.resolve(receiver.receive(5, never));
    void receiver.close();
    expect(await more).toEqual([]);
  });

  it("acknowledges once", () => {
    const { connection, receiver } = open();
    send(connection, shipments, envelope("1"));
    const [got] = now(receiver);
    expect(settle(receiver, got, complete)).toBeUndefined();
    expect(settle(receiver, got, complete)).toBe("lockLost");
  });

  it("is given again what it did not settle in time", async () => {
    const { fixture, connection, receiver } = open();
    send(connection, shipments, envelope("1"));
    const [lost] = now(receiver);
    const again = Promise.resolve(receiver.receive(1, never));
    await fixture.advance(minute);
    expect((await again)[0]?.deliveryCount).toBe(2);
    expect(settle(receiver, lost, complete)).toBe("lockLost");
    expect(sync(receiver.renew([lost!]))).toMatchObject([{ code: "lockLost" }]);
  });

  it("keeps what it renews", async () => {
    const { fixture, connection, receiver } = open();
    send(connection, shipments, envelope("1"));
    const [got] = now(receiver);
    await fixture.advance(minute - 1);
    const untilMs = fixture.runtime.now() + minute;
    expect(sync(receiver.renew([got!]))).toEqual([untilMs]);
    expect(got?.lockedUntilMs).toBe(untilMs);
    await fixture.advance(minute - 1);
    expect(settle(receiver, got, complete)).toBeUndefined();
  });

  it.each([
    [0, 0],
    [1, 10_000],
    [10_000, 10_000],
    [10_001, 60_000],
    [600_000, 600_000],
    [700_000, 3_600_000],
    [9_999_999, 3_600_000],
  ])("rounds a release delay of %i ms up to %i ms", async (delayMs, expectedMs) => {
    const { fixture, connection, receiver } = open();
    send(connection, shipments, envelope("1"));
    expect(settle(receiver, now(receiver)[0], { kind: "release", history: {}, delayMs })).toBeUndefined();
    if (expectedMs > 0) {
      await fixture.advance(expectedMs - 1);
      expect(now(receiver)).toEqual([]);
      await fixture.advance(1);
    }
    expect(now(receiver)[0]?.deliveryCount).toBe(2);
  });

  it("puts an abandoned notification back at once, and defers none", () => {
    const { connection, receiver } = open();
    send(connection, shipments, envelope("1"));
    const [got] = now(receiver);
    expect(settle(receiver, got, { kind: "defer" })).toBe("unsupported");
    expect(settle(receiver, got, { kind: "abandon", history: { attempts: 1 } })).toBeUndefined();
    expect(now(receiver)[0]?.deliveryCount).toBe(2);
  });

  it("keeps a rejected notification with the reason", () => {
    const { connection, receiver } = open();
    send(connection, shipments, envelope("1"));
    expect(settle(receiver, now(receiver)[0], bury)).toBeUndefined();
    expect(sync(connection.deadLetters(shipments).peek(5))).toMatchObject([
      { envelope: { id: "1" }, record: { reason: "Permanent", attempts: 2 }, deliveryCount: 1 },
    ]);
  });

  it("keeps what was delivered too often", async () => {
    const { fixture, connection, receiver } = open();
    send(connection, shipments, envelope("1"));
    for (let n = 0; n < 10; n += 1) {
      expect(now(receiver)).toHaveLength(1);
      await fixture.advance(minute);
    }
    expect(sync(connection.deadLetters(shipments).peek(5))).toMatchObject([
      {
        envelope: { id: "1" },
        record: { reason: "BrokerMaxDelivery", deliveryCount: 10, from: "shipments/mail" },
      },
    ]);
  });

  it("keeps what became too old", async () => {
    const { fixture, connection } = open();
    send(connection, shipments, envelope("1"));
    await fixture.advance(7 * 24 * 60 * minute);
    expect(sync(connection.deadLetters(shipments).peek(5))).toMatchObject([
      { record: { reason: "BrokerExpired" } },
    ]);
  });

  it.each<[string, MessageFilter, readonly string[]]>([
    ["types", { types: ["a"] }, ["1"]],
    ["no type", { types: [] }, []],
    ["the start of the key", { types: undefined, keyBeginsWith: "order-" }, ["1", "2"]],
    ["the end of the key", { types: undefined, keyEndsWith: "-eu" }, ["2", "3"]],
    ["a header", { types: undefined, where: { n: 1 } }, ["1"]],
    ["two headers", { types: undefined, where: { n: 10, q: 'a"b' } }, ["2"]],
  ])("filters by %s", (_what, filter, expected) => {
    const { connection, receiver } = open(filter);
    send(
      connection,
      shipments,
      envelope("1", { type: "a", key: "order-us", headers: { n: 1 } }),
      envelope("2", { type: "b", key: "order-eu", headers: { n: 10, q: 'a"b' } }),
      envelope("3", { type: "b", key: "eu-eu", headers: { x: '"n":1,' } }),
    );
    expect(ids(now(receiver))).toEqual(expected);
  });

  it("changes its filter only while it holds nothing", () => {
    const { fixture, connection, receiver } = open({ types: ["a"] });
    const other = listenerSource("shipments", "mail", { types: ["b"] });
    send(connection, shipments, envelope("1", { type: "a" }));
    expect(() => fixture.connect([other])).toThrow("another filter");
    settle(receiver, now(receiver)[0], complete);
    const newer = fixture.receiver(fixture.connect([other]), other);
    send(connection, shipments, envelope("2", { type: "b" }));
    expect(ids(now(newer))).toEqual(["2"]);
  });

  it("is told of an event that is too large, and of the others of its request not at all", () => {
    const { connection, receiver } = open();
    const body = Buffer.alloc(900_000, 0x61);
    const results = send(
      connection,
      shipments,
      envelope("1"),
      envelope("2", { body, contentType: "text/plain" }),
      envelope("3"),
    );
    expect(results).toMatchObject([{ ok: true }, { ok: false, error: { code: "tooLarge" } }, { ok: true }]);
    expect(ids(now(receiver))).toEqual(["1", "3"]);
  });
});
