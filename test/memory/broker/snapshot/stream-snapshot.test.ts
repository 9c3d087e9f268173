import { describe, expect, it } from "vitest";
import { earliest } from "../../../../adapters/memory/broker/stream/event-position.js";
import {
  createStreamEngine,
  type StreamEngine,
} from "../../../../adapters/memory/broker/stream/stream-engine.js";
import {
  createStreamState,
  type StreamState,
} from "../../../../adapters/memory/broker/stream/stream-state.js";
import {
  restoreStreams,
  snapshotStreams,
  type StreamSnapshot,
} from "../../../../adapters/memory/broker/snapshot/stream-snapshot.js";
import { fromPlain, toPlain } from "../../../../adapters/memory/broker/snapshot/plain-value.js";
import { message, minute, startMs, texts } from "../fixtures.js";

interface Stage {
  readonly engine: StreamEngine;
  readonly state: StreamState;
}

function stage(nowMs = startMs): Stage {
  const state = createStreamState(nowMs);
  return { state, engine: createStreamEngine({ startMs: nowMs }, state) };
}

function reborn({ state }: Stage): Stage {
  const text = JSON.stringify(toPlain(snapshotStreams(state)));
  const next = stage(state.nowMs);
  restoreStreams(next.state, fromPlain(JSON.parse(text) as never) as StreamSnapshot);
  return next;
}

const read = (engine: StreamEngine, partitionId: string): string[] =>
  texts(engine.openReader({ hub: "sales", group: "audit", partitionId, start: earliest }).take(100));

describe("restored streams", () => {
  it("have the events of the others under their numbers and offsets, and go on after them", () => {
    const before = stage();
    before.engine.createHub("sales", { partitions: 2, retentionMs: 2 * minute });
    before.engine.createConsumerGroup("sales", "audit");
    before.engine.publish("sales", [message("expired")], { partitionId: "1" });
    before.engine.advanceTo(startMs + minute);
    before.engine.publish("sales", [message("a"), message("b")], { partitionId: "1" });
    before.engine.advanceTo(startMs + 2 * minute);
    const { engine } = reborn(before);
    expect(engine.hubProperties("Sales")).toEqual(before.engine.hubProperties("sales"));
    expect(engine.partitionProperties("sales", "1")).toEqual(before.engine.partitionProperties("sales", "1"));
    expect(engine.publish("sales", [message("c")], { partitionId: "1" }).firstSequenceNumber).toBe(3);
    expect(read(engine, "1")).toEqual(["a", "b", "c"]);
    engine.advanceTo(startMs + 3 * minute);
    expect(read(engine, "1")).toEqual(["c"]);
  });

  it("remember what an idempotent producer has published", () => {
    const before = stage();
    before.engine.createHub("sales");
    before.engine
      .openPublisher("sales", { partitionId: "0", producerGroupId: 7 })
      .publish([message("a"), message("b")], 1);
    const publisher = reborn(before).engine.openPublisher("sales", { partitionId: "0", producerGroupId: 7 });
    expect(publisher.properties.lastPublishedSequenceNumber).toBe(2);
    expect(publisher.publish([message("a"), message("b")], 1).firstSequenceNumber).toBe(0);
  });
});
