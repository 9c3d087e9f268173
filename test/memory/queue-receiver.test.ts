import { describe, expect, it } from "vitest";
import { readMessage } from "../../adapters/memory/message-delivery.js";
import {
  complete,
  envelope,
  Fixture,
  ids,
  never,
  now,
  queueSource,
  release,
  send,
  settle,
  sync,
} from "./adapter-fixture.js";

const minute = 60_000;
const jobs = queueSource("jobs", { lockMs: minute, maxDeliveries: 3 });

function open() {
  const fixture = new Fixture();
  const connection = fixture.connect([jobs]);
  return { fixture, connection, receiver: fixture.receiver(connection, jobs) };
}

describe("a queue receiver", () => {
  it("gives back every field of the envelope that was sent", () => {
    const { fixture, connection, receiver } = open();
    const sent = envelope("m1", {
      key: "k",
      correlationId: "c",
      causationId: "b",
      replyTo: "r",
      ttlMs: 1_000,
      headers: { region: "eu", n: 1, b: true },
      history: { attempts: 2 },
      extensions: { other: "x" },
    });
    send(connection, jobs, sent);
    const [got] = now(receiver);
    expect(got?.envelope).toEqual({ ...sent, body: Buffer.from(sent.body) });
    expect({ ...got?.envelope.headers }).toEqual({ region: "eu", n: 1, b: true });
    expect(got?.deliveryCount).toBe(1);
    expect(got?.broker).toEqual({
      messageId: "m1",
      sequenceNumber: "1",
      enqueuedAtMs: fixture.runtime.now(),
    });
    expect(got?.lockedUntilMs).toBe(fixture.runtime.now() + minute);
  });

  it("shows the time to live that counts, as the service does: the entity's, where a message has none or a longer one", () => {
    const fixture = new Fixture();
    const brief = queueSource("brief", { ttlMs: 2_000 });
    const connection = fixture.connect([brief]);
    send(connection, brief, envelope("1"), envelope("2", { ttlMs: 1_000 }), envelope("3", { ttlMs: 9_000 }));
    const got = sync(fixture.receiver(connection, brief).receive(3, never));
    expect(got.map((each) => each.envelope.ttlMs)).toEqual([2_000, 1_000, 2_000]);
  });

  it("answers at once when messages are there, with at most as many as asked for", () => {
    const { connection, receiver } = open();
    send(connection, jobs, envelope("1"), envelope("2"), envelope("3"));
    expect(ids(sync(receiver.receive(2, never)))).toEqual(["1", "2"]);
    expect(ids(sync(receiver.receive(2, never)))).toEqual(["3"]);
  });

  it("waits without a timer until a message comes", async () => {
    const { fixture, connection, receiver } = open();
    const waiting = Promise.resolve(receiver.receive(2, never));
    await fixture.advance(10 * minute);
    send(connection, jobs, envelope("late"));
    expect(ids(await waiting)).toEqual(["late"]);
  });

  it("answers nothing when the signal fires, and takes nothing afterwards", async () => {
    const { connection, receiver } = open();
    const stop = new AbortController();
    const waiting = Promise.resolve(receiver.receive(2, stop.signal));
    stop.abort();
    send(connection, jobs, envelope("1"));
    expect(await waiting).toEqual([]);
    expect(ids(now(receiver))).toEqual(["1"]);
  });

  it("answers nothing when it is closed", async () => {
    const { receiver } = open();
    const waiting = Promise.resolve(receiver.receive(2, never));
    void receiver.close();
    void receiver.close();
    expect(await waiting).toEqual([]);
    expect(sync(receiver.receive(2, never))).toEqual([]);
  });

  it("refuses a second receive while one waits", () => {
    const { receiver } = open();
    void receiver.receive(1, never);
    expect(() => receiver.receive(1, never)).toThrow("await it first");
  });

  it("wakes waiting receivers in the order in which they asked", async () => {
    const { fixture, connection, receiver } = open();
    const other = fixture.receiver(connection, jobs);
    const first = Promise.resolve(receiver.receive(10, never));
    const second = Promise.resolve(other.receive(10, never));
    send(connection, jobs, envelope("1"));
    send(connection, jobs, envelope("2"));
    expect([ids(await first), ids(await second)]).toEqual([["1"], ["2"]]);
  });

  it("redelivers, to whoever waits, when the lock ends", async () => {
    const { fixture, connection, receiver } = open();
    send(connection, jobs, envelope("1"));
    const [lost] = now(receiver);
    const again = Promise.resolve(fixture.receiver(connection, jobs).receive(1, never));
    await fixture.advance(minute);
    const [got] = await again;
    expect(got?.deliveryCount).toBe(2);
    expect(settle(receiver, lost, complete)).toBe("lockLost");
    expect(sync(receiver.renew([lost!]))[0]).toMatchObject({ code: "lockLost" });
  });

  it("keeps the lock for as long as it is renewed", async () => {
    const { fixture, connection, receiver } = open();
    send(connection, jobs, envelope("1"));
    const [got] = now(receiver);
    await fixture.advance(minute / 2);
    expect(sync(receiver.renew([got!]))).toEqual([fixture.runtime.now() + minute]);
    await fixture.advance(minute - 1);
    expect(now(receiver)).toEqual([]);
    expect(settle(receiver, got, complete)).toBeUndefined();
  });

  it("settles a delivery once", () => {
    const { connection, receiver } = open();
    send(connection, jobs, envelope("1"));
    const [got] = now(receiver);
    expect(settle(receiver, got, complete)).toBeUndefined();
    expect(settle(receiver, got, complete)).toBe("lockLost");
  });

  it("refuses the deliveries of another receiver", () => {
    const { fixture, connection, receiver } = open();
    send(connection, jobs, envelope("1"));
    const [got] = now(receiver);
    expect(settle(fixture.receiver(connection, jobs), got, complete)).toBe("lockLost");
    expect(settle(receiver, got, complete)).toBeUndefined();
  });

  it("counts an abandoned delivery, and writes the history that the wire format names", () => {
    const { connection, receiver } = open();
    send(connection, jobs, envelope("1", { history: { redrives: 1 } }));
    const history = { redrives: 1, attempts: 1, uncounted: 1, firstFailedAt: "2026-01-01T00:00:00.000Z" };
    expect(settle(receiver, now(receiver)[0], { kind: "abandon", history })).toBeUndefined();
    const [again] = now(receiver);
    expect(again?.deliveryCount).toBe(2);
    expect(again?.envelope.history).toEqual(history);
  });

  it("does not count a released delivery", () => {
    const { connection, receiver } = open();
    send(connection, jobs, envelope("1"));
    expect(settle(receiver, now(receiver)[0], release)).toBeUndefined();
    expect(now(receiver)[0]?.deliveryCount).toBe(1);
  });

  it("keeps a deferred message until it is fetched by number", () => {
    const { connection, receiver } = open();
    send(connection, jobs, envelope("1"));
    const [got] = now(receiver);
    const number = got?.broker.sequenceNumber ?? "";
    expect(settle(receiver, got, { kind: "defer" })).toBeUndefined();
    expect(now(receiver)).toEqual([]);
    const [fetched] = sync(receiver.receiveDeferred?.([number, "999"]) ?? []);
    expect(fetched?.envelope.id).toBe("1");
    expect(settle(receiver, fetched, complete)).toBeUndefined();
    expect(receiver.receiveDeferred?.([number])).toEqual([]);
  });

  it("leaves locks to expire when it is closed, and says why it settles nothing", async () => {
    const { fixture, connection, receiver } = open();
    send(connection, jobs, envelope("1"));
    const [got] = now(receiver);
    void receiver.close();
    const other = fixture.receiver(connection, jobs);
    expect(settle(receiver, got, complete)).toBe("closed");
    expect(now(other)).toEqual([]);
    await fixture.advance(minute);
    expect(now(other)[0]?.deliveryCount).toBe(2);
  });

  it("gives each delivery bytes of its own", () => {
    const { connection, receiver } = open();
    const bytes = Buffer.from(`{"id":"1"}`);
    send(connection, jobs, envelope("1", { body: bytes }));
    bytes.fill(0);
    const [first] = now(receiver);
    first?.envelope.body.fill(0);
    settle(receiver, first, release);
    expect(Buffer.from(now(receiver)[0]!.envelope.body).toString()).toBe(`{"id":"1"}`);
  });

  it("hands on what it cannot read in full, with the defect", () => {
    const applicationProperties = Object.fromEntries(
      Array.from({ length: 65 }, (_, n) => [`h${String(n)}`, n]),
    );
    const read = readMessage(
      { messageId: "1", subject: "t", body: Buffer.from("x"), applicationProperties },
      "?",
    );
    expect(read.defect?.code).toBe("undecodable");
    expect(read.envelope).toMatchObject({ id: "1", type: "t", body: Buffer.from("x") });
  });
});
