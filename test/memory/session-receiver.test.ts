import { describe, expect, it } from "vitest";
import type { Delivery } from "../../src/transport/index.js";
import {
  bury,
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
  subscriptionSource,
  sync,
} from "./adapter-fixture.js";

const minute = 60_000;
const jobs = queueSource("jobs", { ordered: true, lockMs: minute });
const of = (id: string, key: string) => envelope(id, { key });

function open(options: { lanes?: number; perLane?: number } = {}) {
  const fixture = new Fixture();
  const connection = fixture.connect([jobs]);
  return { fixture, connection, receiver: fixture.receiver(connection, jobs, options) };
}

describe("a session receiver", () => {
  it("gives one delivery of each session at a time, with the session as its lane", () => {
    const { connection, receiver } = open();
    send(connection, jobs, of("a1", "a"), of("a2", "a"), of("b1", "b"));
    const got = now(receiver);
    expect(got.map(({ envelope: { id }, lane }) => [id, lane])).toEqual([
      ["a1", "a"],
      ["b1", "b"],
    ]);
    expect(now(receiver)).toEqual([]);
    expect(settle(receiver, got[0], complete)).toBeUndefined();
    expect(ids(now(receiver))).toEqual(["a2"]);
  });

  it("gives as many of one session as a batch may have", () => {
    const { connection, receiver } = open({ perLane: 2 });
    send(connection, jobs, of("a1", "a"), of("a2", "a"), of("a3", "a"));
    expect(ids(now(receiver))).toEqual(["a1", "a2"]);
  });

  it("holds no more sessions than it has lanes", () => {
    const { connection, receiver } = open({ lanes: 1 });
    send(connection, jobs, of("a1", "a"), of("b1", "b"));
    const [first] = now(receiver);
    expect(first?.envelope.id).toBe("a1");
    expect(now(receiver)).toEqual([]);
    settle(receiver, first, complete);
    expect(ids(now(receiver))).toEqual(["b1"]);
  });

  it("never lets two receivers have one session", () => {
    const { fixture, connection, receiver } = open();
    const other = fixture.receiver(connection, jobs);
    send(connection, jobs, of("a1", "a"), of("a2", "a"));
    const [first] = now(receiver);
    expect(now(other)).toEqual([]);
    settle(receiver, first, complete);
    expect(ids([...now(receiver), ...now(other)])).toEqual(["a2"]);
  });

  it("keeps the order of every key while several receivers share the sessions", async () => {
    const { fixture, connection } = open();
    const receivers = [1, 2, 3].map(() => fixture.receiver(connection, jobs, { lanes: 2 }));
    const stop = new AbortController();
    const seen: string[] = [];
    const work = receivers.map(async (receiver, n) => {
      for (;;) {
        const got: readonly Delivery[] = await receiver.receive(n + 1, stop.signal);
        if (stop.signal.aborted) return;
        for (const delivery of got) {
          seen.push(delivery.envelope.id);
          await Promise.resolve();
          settle(receiver, delivery, complete);
        }
      }
    });
    for (let n = 0; n < 20; n += 1) {
      send(connection, jobs, ...["a", "b", "c", "d", "e"].map((key) => of(`${key}${String(n)}`, key)));
      await fixture.advance(1);
    }
    stop.abort();
    await Promise.all(work);
    expect(seen).toHaveLength(100);
    for (const key of ["a", "b", "c", "d", "e"]) {
      const numbers = seen.filter((id) => id.startsWith(key)).map((id) => Number(id.slice(1)));
      expect(numbers).toEqual([...numbers].sort((left, right) => left - right));
    }
  });

  it("waits for a session, and for the next message of one that it holds", async () => {
    const { connection, receiver } = open({ perLane: 2 });
    const first = Promise.resolve(receiver.receive(5, never));
    send(connection, jobs, of("a1", "a"));
    expect(ids(await first)).toEqual(["a1"]);
    const second = Promise.resolve(receiver.receive(5, never));
    send(connection, jobs, of("a2", "a"));
    expect(ids(await second)).toEqual(["a2"]);
  });

  it("gives its idle sessions up when nobody asks any more, also if no receive waits", async () => {
    const { fixture, connection, receiver } = open({ lanes: 1 });
    const other = fixture.receiver(connection, jobs);
    const asking = new AbortController();
    send(connection, jobs, of("a1", "a"), of("a2", "a"));
    const [first] = await receiver.receive(1, asking.signal);
    const others = Promise.resolve(other.receive(1, never));
    settle(receiver, first, complete);
    asking.abort();
    expect(ids(await others)).toEqual(["a2"]);
  });

  it("goes on with a session when its delivery is settled while a receive waits", async () => {
    const { connection, receiver } = open();
    send(connection, jobs, of("a1", "a"), of("a2", "a"));
    const [first] = now(receiver);
    const waiting = Promise.resolve(receiver.receive(5, never));
    settle(receiver, first, complete);
    expect(ids(await waiting)).toEqual(["a2"]);
  });

  it("gives up a drained session, so that another receiver gets its next message", async () => {
    const { fixture, connection, receiver } = open();
    send(connection, jobs, of("a1", "a"));
    const [first] = now(receiver);
    settle(receiver, first, complete);
    now(receiver);
    const other = fixture.receiver(connection, jobs);
    const waiting = Promise.resolve(other.receive(1, never));
    send(connection, jobs, of("a2", "a"));
    expect(ids(await waiting)).toEqual(["a2"]);
  });

  it("gives up idle sessions when nobody asks for more", async () => {
    const { fixture, connection, receiver } = open();
    send(connection, jobs, of("a1", "a"), of("a2", "a"));
    const [first] = now(receiver);
    const pause = new AbortController();
    const waiting = Promise.resolve(receiver.receive(1, pause.signal));
    pause.abort();
    await waiting;
    settle(receiver, first, complete);
    expect(ids(now(fixture.receiver(connection, jobs)))).toEqual(["a2"]);
  });

  it("renews the session with any of its deliveries", async () => {
    const { fixture, connection, receiver } = open({ perLane: 2 });
    send(connection, jobs, of("a1", "a"), of("a2", "a"));
    const got = now(receiver);
    await fixture.advance(minute - 1);
    const untilMs = fixture.runtime.now() + minute;
    expect(sync(receiver.renew(got))).toEqual([untilMs, untilMs]);
    await fixture.advance(minute - 1);
    expect(got.map((each) => settle(receiver, each, complete))).toEqual([undefined, undefined]);
  });

  it("tells of each delivery whose session lock ended, and settles it no more", async () => {
    const { fixture, connection, receiver } = open({ perLane: 2 });
    send(connection, jobs, of("a1", "a"), of("a2", "a"), of("a3", "a"));
    const got = now(receiver);
    await fixture.advance(minute);
    expect(fixture.lost).toEqual([
      { id: "a1", code: "lockLost" },
      { id: "a2", code: "lockLost" },
    ]);
    expect(settle(receiver, got[0], complete)).toBe("lockLost");
    expect(sync(receiver.renew(got))).toMatchObject([{ code: "lockLost" }, { code: "lockLost" }]);
    expect(now(receiver).map((each) => [each.envelope.id, each.deliveryCount])).toEqual([
      ["a1", 2],
      ["a2", 2],
    ]);
  });

  it("gives its sessions to others at once when it is closed, uncounted", async () => {
    const { fixture, connection, receiver } = open();
    const other = fixture.receiver(connection, jobs);
    send(connection, jobs, of("a1", "a"));
    const [lost] = now(receiver);
    const waiting = Promise.resolve(other.receive(1, never));
    void receiver.close();
    expect((await waiting)[0]?.deliveryCount).toBe(1);
    expect(settle(receiver, lost, complete)).toBe("lockLost");
  });

  it("puts a released delivery back at the head of its session", () => {
    const { connection, receiver } = open();
    send(connection, jobs, of("a1", "a"), of("a2", "a"));
    settle(receiver, now(receiver)[0], release);
    expect(ids(now(receiver))).toEqual(["a1"]);
  });

  it("fetches deferred messages with their session, unless another holds it", () => {
    const { fixture, connection, receiver } = open();
    send(connection, jobs, of("a1", "a"), of("a2", "a"));
    const [first] = now(receiver);
    const number = first?.broker.sequenceNumber ?? "";
    settle(receiver, first, { kind: "defer" });
    expect(ids(now(receiver))).toEqual(["a2"]);
    const other = fixture.receiver(connection, jobs);
    expect(() => other.receiveDeferred?.([number])).toThrow("session");
    const [fetched] = sync(receiver.receiveDeferred?.([number, "77"]) ?? []);
    expect([fetched?.envelope.id, fetched?.lane]).toEqual(["a1", "a"]);
    expect(settle(receiver, fetched, complete)).toBeUndefined();
  });

  it("dead-letters in order, and goes on", () => {
    const { connection, receiver } = open();
    send(connection, jobs, of("a1", "a"), of("a2", "a"));
    settle(receiver, now(receiver)[0], bury);
    expect(ids(now(receiver))).toEqual(["a2"]);
    expect(ids(sync(connection.deadLetters(jobs).peek(5)))).toEqual(["a1"]);
  });

  it("reads ordered subscriptions the same way", () => {
    const fixture = new Fixture();
    const source = subscriptionSource("t", "s", { types: ["test.thing"] }, { ordered: true });
    const connection = fixture.connect([source]);
    send(connection, source, of("a1", "a"), of("a2", "a"), of("b1", "b"));
    expect(ids(now(fixture.receiver(connection, source)))).toEqual(["a1", "b1"]);
  });
});
