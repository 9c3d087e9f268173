import { describe, expect, it } from "vitest";
import {
  complete,
  envelope,
  Fixture,
  groupSource,
  ids,
  listenerSource,
  now,
  queueSource,
  send,
  settle,
  subscriptionSource,
  sync,
} from "./adapter-fixture.js";

const jobs = queueSource("jobs", { scheduled: true, dedupWindowMs: 600_000 });
const kibibytes = (count: number) => Buffer.alloc(count * 1024);

function open() {
  const fixture = new Fixture();
  const connection = fixture.connect([jobs]);
  return {
    fixture,
    connection,
    sender: connection.sender(jobs),
    receiver: fixture.receiver(connection, jobs),
  };
}

describe("a sender of a queue or topic", () => {
  it("refuses a message that is too large, and sends the others", () => {
    const { connection, receiver } = open();
    const results = send(
      connection,
      jobs,
      envelope("1"),
      envelope("big", { body: kibibytes(257) }),
      envelope("2"),
    );
    expect(results.map((each) => (each.ok ? "ok" : each.error.code))).toEqual(["ok", "tooLarge", "ok"]);
    expect(results[1]).not.toHaveProperty("batch");
    expect(ids(now(receiver))).toEqual(["1", "2"]);
  });

  it("packs by size, so that many large messages travel in several batches and arrive in order", () => {
    const { connection, receiver } = open();
    const names = Array.from({ length: 10 }, (_, n) => String(n));
    const results = send(connection, jobs, ...names.map((id) => envelope(id, { body: kibibytes(100) })));
    expect(results.every(({ ok }) => ok)).toBe(true);
    expect(ids(now(receiver))).toEqual(names);
  });

  it("gives the members of a refused batch one number, and stores none of them", () => {
    const fixture = new Fixture();
    const ordered = queueSource("ordered", { ordered: true });
    const connection = fixture.connect([ordered]);
    const results = send(connection, ordered, envelope("1", { key: "k" }), envelope("2"));
    expect(results).toMatchObject([
      { ok: false, batch: 0, error: { code: "invalidMessage", class: "permanent" } },
      { ok: false, batch: 0, error: { code: "invalidMessage" } },
    ]);
    expect(now(fixture.receiver(connection, ordered))).toEqual([]);
    expect(send(connection, ordered, envelope("1", { key: "k" }))).toEqual([{ ok: true }]);
  });

  it("stops behind a refused batch, so that its members can go first", () => {
    const fixture = new Fixture();
    const ordered = queueSource("ordered", { ordered: true });
    const connection = fixture.connect([ordered]);
    const body = kibibytes(100);
    const keyed = (id: string) => envelope(id, { body, key: "k" });
    const results = send(
      connection,
      ordered,
      keyed("1"),
      keyed("2"),
      envelope("3", { body }),
      keyed("4"),
      keyed("5"),
    );
    expect(results).toMatchObject([
      { ok: true },
      { ok: true },
      { ok: false, batch: 1, error: { code: "invalidMessage" } },
      { ok: false, batch: 1 },
      { ok: false, unsent: true },
    ]);
  });

  it("names the message whose id the broker does not take", () => {
    const { connection, receiver } = open();
    const results = send(connection, jobs, envelope("x".repeat(129)), envelope("1"));
    expect(results).toMatchObject([{ ok: false, error: { code: "invalidMessage" } }, { ok: true }]);
    expect(ids(now(receiver))).toEqual(["1"]);
  });

  it("holds a scheduled message until it is due, and wakes whoever waits then", async () => {
    const { fixture, sender, receiver } = open();
    const dueMs = fixture.runtime.now() + 5_000;
    const [result] = sync(sender.send([{ envelope: envelope("later"), dueMs }]));
    expect(result).toEqual({ ok: true, scheduleToken: "1" });
    await fixture.advance(4_999);
    const waiting = Promise.resolve(receiver.receive(1, new AbortController().signal));
    await fixture.advance(1);
    expect((await waiting)[0]?.broker.enqueuedAtMs).toBe(dueMs);
  });

  it("sends scheduled and other messages of one call each by its own way, and answers in order", async () => {
    const { fixture, sender, receiver } = open();
    const dueMs = fixture.runtime.now() + 1_000;
    const results = sync(
      sender.send([{ envelope: envelope("later"), dueMs }, { envelope: envelope("at once") }]),
    );
    expect(results).toEqual([{ ok: true, scheduleToken: "2" }, { ok: true }]);
    expect(ids(now(receiver))).toEqual(["at once"]);
    await fixture.advance(1_000);
    expect(ids(now(receiver))).toEqual(["later"]);
  });

  it("cancels what is still scheduled, and says what was not", async () => {
    const { fixture, sender, receiver } = open();
    const dueMs = fixture.runtime.now() + 1_000;
    const results = sync(
      sender.send(
        ["1", "2"].map((id) => ({ envelope: envelope(id), dueMs: id === "1" ? dueMs : dueMs + 1 })),
      ),
    );
    const tokens = results.map((each) => (each.ok ? (each.scheduleToken ?? "") : ""));
    await fixture.advance(1_000);
    expect(sync(sender.cancel?.(tokens) ?? [])).toEqual([false, true]);
    await fixture.advance(60_000);
    expect(ids(now(receiver))).toEqual(["1"]);
  });

  it("drops a duplicate within the window, and takes a copy with another broker id", () => {
    const { connection, receiver } = open();
    expect(send(connection, jobs, envelope("1"), envelope("1"))).toEqual([{ ok: true }, { ok: true }]);
    send(connection, jobs, envelope("1", { brokerId: "copy" }));
    expect(now(receiver).map(({ envelope: { id, brokerId } }) => [id, brokerId])).toEqual([
      ["1", undefined],
      ["1", "copy"],
    ]);
  });

  it("sends nothing once it is closed", () => {
    const { sender, receiver } = open();
    void sender.close();
    expect(sender.send([{ envelope: envelope("1") }])).toMatchObject([
      { ok: false, error: { code: "closed" } },
    ]);
    expect(now(receiver)).toEqual([]);
  });

  it("does not let a sender change what it has sent", () => {
    const fixture = new Fixture();
    const sources = [
      subscriptionSource("t", "a"),
      subscriptionSource("t", "b"),
      groupSource("s", "g"),
      listenerSource("n", "l"),
    ];
    const connection = fixture.connect(sources);
    const receivers = sources.map((source) => fixture.receiver(connection, source));
    for (const source of [sources[0]!, sources[2]!, sources[3]!]) {
      const body = Buffer.from(`{"a":1}`);
      send(connection, source, envelope("1", { body }));
      body.fill(0);
    }
    for (const receiver of receivers) {
      const [got] = now(receiver);
      expect(Buffer.from(got!.envelope.body).toString()).toBe(`{"a":1}`);
      got!.envelope.body.fill(0);
      settle(receiver, got, complete);
    }
  });
});
