import { describe, expect, it } from "vitest";
import { earliest } from "../../../../adapters/memory/broker/stream/event-position.js";
import { detachments, event, refusal, salesHub, startMs, texts } from "./stream-fixture.js";

const hourMs = 3_600_000;

describe("event hubs and consumer groups", () => {
  it("EH-1: the partition count is fixed after creation", () => {
    const { engine } = salesHub({ partitions: 3 });
    expect(() => {
      engine.updateHub("sales", { partitions: 5 });
    }).toThrow(refusal("amqp:not-allowed", "3 partitions"));
    engine.updateHub("sales", { partitions: 3, retentionMs: 2 * hourMs });
    expect(engine.hubProperties("SALES")).toEqual({
      name: "sales",
      createdMs: startMs,
      partitionIds: ["0", "1", "2"],
      consumerGroups: ["$Default"],
      retentionMs: 2 * hourMs,
      maxBatchBytes: 1_048_576,
    });
  });

  it("EH-12: reading removes nothing, and a second group reads all", () => {
    const { engine, send, read } = salesHub();
    engine.createConsumerGroup("sales", "audit");
    send("0", "a", "b");
    const first = read();
    expect(texts(first)).toEqual(["a", "b"]);
    expect(texts(first)).toEqual([]);
    expect(texts(read(earliest, { group: "AUDIT" }))).toEqual(["a", "b"]);
    expect(texts(read())).toEqual(["a", "b"]);
  });

  it("EH-13: events vanish at retention age exactly", () => {
    const { engine, send, read } = salesHub({ retentionMs: hourMs });
    send("0", "old");
    engine.advanceTo(startMs + 1);
    send("0", "new");
    engine.advanceTo(startMs + hourMs - 1);
    expect(texts(read())).toEqual(["old", "new"]);
    engine.advanceTo(startMs + hourMs);
    expect(texts(read())).toEqual(["new"]);
    engine.advanceTo(startMs + hourMs + 1);
    expect(texts(read())).toEqual([]);
  });

  it("EH-13: a retention change applies to old events, and brings none back", () => {
    const { engine, send, read } = salesHub({ retentionMs: hourMs });
    send("0", "a");
    engine.advanceTo(startMs + 1000);
    send("0", "b");
    engine.updateHub("sales", { retentionMs: 1000 });
    expect(texts(read())).toEqual(["b"]);
    engine.advanceTo(startMs + 2000);
    engine.updateHub("sales", { retentionMs: hourMs });
    expect(texts(read())).toEqual([]);
    expect(engine.partitionProperties("sales", "0").isEmpty).toBe(true);
  });

  it("EH-13: a longer retention brings nothing back that expired since memory was last given back", () => {
    const { engine, send, read } = salesHub({ retentionMs: 1000 });
    send("0", "a");
    engine.advanceTo(startMs + 500);
    send("0", "b");
    engine.advanceTo(startMs + 1000);
    engine.advanceTo(startMs + 1500);
    engine.updateHub("sales", { retentionMs: hourMs });
    expect(texts(read())).toEqual([]);
  });

  it("EH-13: a reader that lags behind the retention goes on with the oldest event there is", () => {
    const { engine, send, read } = salesHub({ retentionMs: 1000 });
    const reader = read();
    send("0", "lost", "lost too");
    engine.advanceTo(startMs + 1000);
    send("0", "kept");
    expect(texts(reader)).toEqual(["kept"]);
  });

  it("gives the memory of idle partitions back, at most once a minute", () => {
    const { engine, send } = salesHub({ retentionMs: 1000 });
    expect(engine.nextDueMs()).toBeUndefined();
    send("0", "a");
    expect(engine.nextDueMs()).toBe(startMs + 1000);
    engine.advanceTo(startMs + 500);
    send("1", "b");
    engine.advanceTo(startMs + 1000);
    expect(engine.nextDueMs()).toBe(startMs + 61_000);
    engine.advanceTo(startMs + 61_000);
    expect(engine.nextDueMs()).toBeUndefined();
  });

  it("never lets time go back", () => {
    const { engine, send, read } = salesHub();
    engine.advanceTo(startMs + 10);
    engine.advanceTo(startMs);
    send("0", "a");
    expect(read().take(1)[0]?.enqueuedTimeMs).toBe(startMs + 10);
  });

  it("EH-14: events cannot be deleted: neither engine nor reader has a way to", () => {
    const { engine, read } = salesHub();
    expect(Object.keys(engine).filter((name) => /delete|remove|complete|purge/i.test(name))).toEqual([
      "deleteHub",
      "deleteConsumerGroup",
    ]);
    const reader = read();
    expect("complete" in reader || "delete" in reader).toBe(false);
  });

  it("EH-15: `$Default` exists and cannot be deleted or duplicated", () => {
    const { engine } = salesHub();
    expect(engine.hubProperties("sales").consumerGroups).toEqual(["$Default"]);
    expect(() => {
      engine.createConsumerGroup("sales", "$default");
    }).toThrow(refusal("com.microsoft:entity-already-exists"));
    expect(() => {
      engine.deleteConsumerGroup("sales", "$DEFAULT");
    }).toThrow(refusal("amqp:not-allowed"));
  });

  it("detaches the readers of a deleted group, and everyone of a deleted hub", () => {
    const { engine, read } = salesHub();
    engine.createConsumerGroup("sales", "audit");
    const audit = detachments(read(earliest, { group: "audit" }));
    const other = read();
    const others = detachments(other);
    const publishers = detachments(engine.openPublisher("sales", { partitionId: "0" }));
    engine.deleteConsumerGroup("sales", "audit");
    expect(audit).toEqual([refusal("amqp:not-found", "sales/ConsumerGroups/audit")]);
    expect(others).toEqual([]);
    engine.deleteHub("sales");
    expect(others).toEqual([refusal("amqp:not-found")]);
    expect(publishers).toEqual([refusal("amqp:not-found")]);
    expect(() => other.take(1)).toThrow(refusal("amqp:not-found"));
    expect(() => engine.publish("sales", [event("a")])).toThrow(
      refusal("amqp:not-found", "could not be found"),
    );
  });

  it.each<[string, () => unknown, string]>([
    ["a hub twice", () => salesHub().engine.createHub("SALES"), "com.microsoft:entity-already-exists"],
    ["no partition", () => salesHub({ partitions: 0 }), "com.microsoft:argument-out-of-range"],
    ["half a partition", () => salesHub({ partitions: 1.5 }), "com.microsoft:argument-out-of-range"],
    ["no retention", () => salesHub({ retentionMs: 0 }), "com.microsoft:argument-out-of-range"],
    ["91 days", () => salesHub({ retentionMs: 91 * 24 * hourMs }), "com.microsoft:argument-out-of-range"],
    ["a long hub name", () => salesHub().engine.createHub("h".repeat(257)), "com.microsoft:argument-error"],
    [
      "a long group",
      () => salesHub().engine.createConsumerGroup("sales", "g".repeat(51)),
      "com.microsoft:argument-error",
    ],
    ["a missing group", () => salesHub().read(earliest, { group: "none" }), "amqp:not-found"],
    ["a missing hub", () => salesHub().engine.hubProperties("constructor"), "amqp:not-found"],
    ["another limit", () => salesHub().engine.updateHub("sales", { maxBatchBytes: 1 }), "amqp:not-allowed"],
  ])("refuses %s", (_, attempt, condition) => {
    expect(attempt).toThrow(refusal(condition));
  });

  it("EH-41: partition properties name the begin, the last event and whether any is retained", () => {
    const { engine, send } = salesHub({ retentionMs: 1000 });
    expect(engine.partitionProperties("sales", "1")).toEqual({
      partitionId: "1",
      beginningSequenceNumber: 0,
      lastEnqueuedSequenceNumber: -1,
      lastEnqueuedOffset: "-1",
      lastEnqueuedTimeMs: undefined,
      isEmpty: true,
    });
    send("1", "a");
    engine.advanceTo(startMs + 500);
    send("1", "b", "c");
    const before = engine.partitionProperties("sales", "1");
    expect(before).toMatchObject({
      beginningSequenceNumber: 0,
      lastEnqueuedSequenceNumber: 2,
      isEmpty: false,
    });
    engine.advanceTo(startMs + 1000);
    expect(engine.partitionProperties("sales", "1")).toEqual({ ...before, beginningSequenceNumber: 1 });
    engine.advanceTo(startMs + 5000);
    expect(engine.partitionProperties("sales", "1")).toEqual({
      ...before,
      beginningSequenceNumber: 3,
      lastEnqueuedTimeMs: startMs + 500,
      isEmpty: true,
    });
    expect(() => engine.partitionProperties("sales", "4")).toThrow(
      refusal("com.microsoft:argument-out-of-range"),
    );
  });
});
