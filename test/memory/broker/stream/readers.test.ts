import { describe, expect, it } from "vitest";
import { earliest, latest } from "../../../../adapters/memory/broker/stream/event-position.js";
import { detachments, event, refusal, salesHub, startMs, texts } from "./stream-fixture.js";

function fiveEvents() {
  const fixture = salesHub({ retentionMs: 1000 });
  for (const text of ["a", "b", "c", "d", "e"]) {
    fixture.send("0", text);
    fixture.engine.advanceTo(startMs + 100 * (text.charCodeAt(0) - 96));
  }
  const offsets = fixture
    .read()
    .take(9)
    .map(({ offset }) => offset);
  return { ...fixture, offsetOf: (index: number) => offsets[index] ?? "missing" };
}

describe("start positions", () => {
  it('EH-16: earliest, the offset "-1", reads the oldest retained', () => {
    const { engine, read } = fiveEvents();
    expect(texts(read(earliest))).toEqual(["a", "b", "c", "d", "e"]);
    engine.advanceTo(startMs + 1100);
    expect(texts(read({ offset: "-1" }))).toEqual(["c", "d", "e"]);
  });

  it("EH-17: `@latest` reads only events after attach", () => {
    const { send, read } = fiveEvents();
    const reader = read(latest);
    expect(texts(reader)).toEqual([]);
    send("0", "f");
    expect(texts(reader)).toEqual(["f"]);
  });

  it("EH-18: a start by offset is exclusive unless inclusive", () => {
    const { read, offsetOf } = fiveEvents();
    expect(texts(read({ offset: offsetOf(2) }))).toEqual(["d", "e"]);
    expect(texts(read({ offset: offsetOf(2), inclusive: true }))).toEqual(["c", "d", "e"]);
    expect(texts(read({ offset: offsetOf(4) }))).toEqual([]);
  });

  it("EH-19: a start by sequence number likewise", () => {
    const { read } = fiveEvents();
    expect(texts(read({ sequenceNumber: 2 }))).toEqual(["d", "e"]);
    expect(texts(read({ sequenceNumber: 2, inclusive: true }))).toEqual(["c", "d", "e"]);
    expect(texts(read({ sequenceNumber: -1 }))).toEqual(["a", "b", "c", "d", "e"]);
    expect(texts(read({ sequenceNumber: 4 }))).toEqual([]);
  });

  it("EH-18, EH-19: a place that has expired means the oldest retained", () => {
    const { engine, read, offsetOf } = fiveEvents();
    engine.advanceTo(startMs + 1300);
    expect(texts(read({ offset: offsetOf(0) }))).toEqual(["e"]);
    expect(texts(read({ sequenceNumber: 1, inclusive: true }))).toEqual(["e"]);
  });

  it("EH-20: a start by enqueued time is strict >", () => {
    const { read } = fiveEvents();
    expect(texts(read({ enqueuedAfterMs: startMs + 200 }))).toEqual(["d", "e"]);
    expect(texts(read({ enqueuedAfterMs: startMs + 199 }))).toEqual(["c", "d", "e"]);
    expect(texts(read({ enqueuedAfterMs: 0 }))).toEqual(["a", "b", "c", "d", "e"]);
  });

  it("EH-20: a start in the future passes over events until then, without waking anyone", () => {
    const { engine, send, read } = fiveEvents();
    const reader = read({ enqueuedAfterMs: startMs + 600 });
    const woken: string[] = [];
    reader.onAvailable(() => woken.push("reader"));
    send("0", "early");
    engine.advanceTo(startMs + 600);
    send("0", "still early");
    expect(woken).toEqual([]);
    expect(texts(reader)).toEqual([]);
    engine.advanceTo(startMs + 601);
    send("0", "late");
    expect(woken).toEqual(["reader"]);
    expect(texts(reader)).toEqual(["late"]);
  });

  it("refuses a place past the end, and one that is none", () => {
    const { read, offsetOf } = fiveEvents();
    const last = offsetOf(4);
    expect(() => read({ offset: "51541496928" })).toThrow(
      refusal(
        "com.microsoft:argument-error",
        `The supplied offset '51541496928' is invalid. The last offset in the system is '${last}'`,
      ),
    );
    expect(() => read({ offset: "x'; drop" })).toThrow(refusal("com.microsoft:argument-error"));
    expect(() => read({ sequenceNumber: 5, inclusive: true })).toThrow(
      refusal(
        "com.microsoft:argument-error",
        "The supplied sequence number '5' is invalid. The last sequence number in the system is '4'",
      ),
    );
    expect(() => read({ sequenceNumber: 0.5 })).toThrow(refusal("com.microsoft:argument-error"));
  });
});

describe("taking and waiting", () => {
  it("EH-38: a partition is read in sequence, batch by batch, and another is not held up by it", () => {
    const { send, read } = salesHub();
    send("0", "a", "b", "c");
    send("1", "x");
    const reader = read();
    expect(texts(reader, 2)).toEqual(["a", "b"]);
    expect(texts(read(earliest, { partitionId: "1" }))).toEqual(["x"]);
    expect(texts(reader, 0)).toEqual([]);
    expect(texts(reader, 2)).toEqual(["c"]);
  });

  it("wakes waiting readers once per call, in the order in which they began to wait", () => {
    const { send, read } = salesHub();
    const woken: string[] = [];
    const [first, second, elsewhere] = [read(), read(), read(earliest, { partitionId: "1" })];
    second.onAvailable(() => woken.push("second"));
    first.onAvailable(() => woken.push("replaced"));
    first.onAvailable(() => woken.push("first"));
    elsewhere.onAvailable(() => woken.push("elsewhere"));
    send("0", "a");
    send("0", "b");
    expect(woken).toEqual(["second", "first"]);
    first.onAvailable(() => woken.push("at once"));
    expect(woken).toEqual(["second", "first", "at once"]);
  });

  it("wakes nobody who cancelled, closed or was closed by an earlier callback", () => {
    const { send, read } = salesHub();
    const woken: string[] = [];
    const [cancelled, closed, closer, victim] = [read(), read(), read(), read()];
    cancelled.onAvailable(() => woken.push("cancelled"));
    cancelled.onAvailable(undefined);
    closed.onAvailable(() => woken.push("closed"));
    closed.close();
    closer.onAvailable(() => {
      woken.push("closer");
      victim.close();
    });
    victim.onAvailable(() => woken.push("victim"));
    send("0", "a");
    expect(woken).toEqual(["closer"]);
    expect(texts(victim)).toEqual([]);
    victim.onAvailable(() => woken.push("after close"));
    send("0", "b");
    expect(woken).toEqual(["closer"]);
  });

  it("lets a callback take, publish and wait again", () => {
    const { send, read } = salesHub();
    const reader = read();
    const seen: string[] = [];
    const pump = (): void => {
      const batch = texts(reader);
      seen.push(...batch);
      if (batch.includes("a")) send("0", "b");
      reader.onAvailable(pump);
    };
    reader.onAvailable(pump);
    send("0", "a");
    send("0", "c");
    expect(seen).toEqual(["a", "b", "c"]);
  });
});

describe("owner levels", () => {
  it("EH-23: an equal or higher owner level evicts with amqp:link:stolen", () => {
    const { send, read } = salesHub();
    const first = read(earliest, { ownerLevel: 0 });
    const firstErrors = detachments(first);
    const second = read(earliest, { ownerLevel: 0, receiverName: "b" });
    expect(firstErrors).toEqual([
      refusal(
        "amqp:link:stolen",
        "New receiver 'b' with higher epoch of '0' is created hence current receiver 'nil' with epoch '0' is getting disconnected.",
      ),
    ]);
    const secondErrors = detachments(second);
    const third = read(earliest, { ownerLevel: 7 });
    expect(secondErrors).toEqual([refusal("amqp:link:stolen", "higher epoch of '7'")]);
    send("0", "a");
    expect(() => first.take(1)).toThrow(refusal("amqp:link:stolen"));
    expect(texts(third)).toEqual(["a"]);
  });

  it("EH-24: a lower owner level is refused, until the higher one is closed", () => {
    const { read } = salesHub();
    const holder = read(earliest, { ownerLevel: 1 });
    const errors = detachments(holder);
    expect(() => read(earliest, { ownerLevel: 0 })).toThrow(
      refusal(
        "amqp:link:stolen",
        "Receiver 'nil' with a higher epoch '1' already exists. Receiver 'nil' with epoch 0 cannot be created.",
      ),
    );
    expect(errors).toEqual([]);
    holder.close();
    expect(texts(read(earliest, { ownerLevel: 0 }))).toEqual([]);
  });

  it("EH-25: attaching with an owner level evicts all readers without one, in that group and partition only", () => {
    const { engine, read } = salesHub();
    engine.createConsumerGroup("sales", "audit");
    const shared = [read(), read(), read()].map(detachments);
    const untouched = [read(earliest, { group: "audit" }), read(earliest, { partitionId: "1" })].map(
      detachments,
    );
    read(earliest, { ownerLevel: 0 });
    expect(shared).toEqual(shared.map(() => [refusal("amqp:link:stolen")]));
    expect(untouched).toEqual([[], []]);
  });

  it("EH-26: attaching without an owner level is refused while one holds the partition", () => {
    const { read } = salesHub();
    const holder = read(earliest, { ownerLevel: 1838 });
    expect(() => read()).toThrow(
      refusal(
        "amqp:link:stolen",
        "At least one receiver for the endpoint is created with epoch of '1838', and so non-epoch receiver is not allowed.",
      ),
    );
    holder.close();
    expect(texts(read())).toEqual([]);
  });

  it("EH-27: a sixth reader without an owner level is refused", () => {
    const { read } = salesHub();
    const readers = Array.from({ length: 5 }, (_, index) =>
      read(earliest, index === 0 ? { receiverName: "a" } : {}),
    );
    expect(() => read()).toThrow(
      refusal(
        "amqp:resource-limit-exceeded",
        "per partition in a consumer group which is 5. List of connected receivers - a, nil, nil, nil, nil.",
      ),
    );
    readers[0]?.close();
    expect(texts(read())).toEqual([]);
  });

  it("EH-28: up to five readers without an owner level each see every event", () => {
    const { send, read } = salesHub();
    const readers = Array.from({ length: 5 }, () => read());
    send("0", "a", "b");
    expect(readers.map((reader) => texts(reader))).toEqual(readers.map(() => ["a", "b"]));
  });

  it("tells a late listener of a detachment that has happened, and no listener of its own close", () => {
    const { read } = salesHub();
    const evicted = read();
    const holder = read(earliest, { ownerLevel: 0 });
    expect(detachments(evicted)).toEqual([refusal("amqp:link:stolen")]);
    const errors = detachments(holder);
    holder.close();
    read(earliest, { ownerLevel: 0 });
    expect(errors).toEqual([]);
    expect(detachments(holder)).toEqual([]);
  });

  it("leaves everyone attached when the newcomer's start or level is refused", () => {
    const { read } = salesHub();
    const errors = detachments(read());
    expect(() => read({ sequenceNumber: 9 }, { ownerLevel: 1 })).toThrow();
    expect(() => read(earliest, { ownerLevel: -1 })).toThrow(refusal("com.microsoft:argument-out-of-range"));
    expect(() => read(earliest, { receiverName: "n".repeat(65) })).toThrow(
      refusal("com.microsoft:argument-error"),
    );
    expect(errors).toEqual([]);
  });
});

describe("an event", () => {
  it("is what was sent, the same bytes for every reader", () => {
    const { engine, read } = salesHub();
    const sent = {
      ...event("a"),
      messageId: "m",
      contentType: "text/plain",
      applicationProperties: { n: 1 },
    };
    engine.publish("sales", [sent], { partitionId: "0" });
    expect(read().take(1)[0]?.message).toBe(sent);
    expect(read().take(1)[0]?.message).toBe(sent);
  });
});
