import { describe, expect, it } from "vitest";
import { createCheckpointTable } from "../../../../adapters/memory/broker/stream/checkpoints.js";
import {
  decideClaims,
  type ClaimSituation,
} from "../../../../adapters/memory/broker/stream/decide-claims.js";
import { earliest } from "../../../../adapters/memory/broker/stream/event-position.js";
import {
  createOwnershipTable,
  type Ownership,
} from "../../../../adapters/memory/broker/stream/ownerships.js";
import { salesHub, startMs, texts } from "./stream-fixture.js";

const group = { hub: "sales", group: "$Default" };
const ids = (count: number) => Array.from({ length: count }, (_, index) => String(index));

function owned(owners: Record<string, number>, lastModifiedMs = startMs): Ownership[] {
  let next = 0;
  return Object.entries(owners).flatMap(([ownerId, count]) =>
    Array.from({ length: count }, () => ({
      ...group,
      partitionId: String(next++),
      ownerId,
      lastModifiedMs,
      etag: "e",
    })),
  );
}

function decide(ownerId: string, count: number, ownerships: Ownership[], rest: Partial<ClaimSituation> = {}) {
  return decideClaims({ ownerId, partitionIds: ids(count), ownerships, nowMs: startMs, ...rest });
}

describe("checkpoints", () => {
  it("EH-29: a restart resumes after the checkpoint; without one it uses the start position", () => {
    const { send, read } = salesHub();
    const checkpoints = createCheckpointTable();
    send("0", "a", "b", "c");
    const start = () => {
      const offset = checkpoints.load("sales", "$Default", "0")?.offset;
      return offset === undefined ? earliest : { offset };
    };
    const first = read(start());
    const [, second] = first.take(2);
    if (second === undefined) throw new Error("two events were published");
    checkpoints.save({
      ...group,
      partitionId: "0",
      offset: second.offset,
      sequenceNumber: second.sequenceNumber,
    });
    first.close();
    expect(texts(read(start()))).toEqual(["c"]);
    expect(checkpoints.load("sales", "other", "0")).toBeUndefined();
  });

  it("EH-30: a crash between process and checkpoint redelivers", () => {
    const { send, read } = salesHub();
    const checkpoints = createCheckpointTable();
    send("0", "a", "b");
    const [processed] = read().take(1);
    if (processed === undefined) throw new Error("an event was published");
    checkpoints.save({ ...group, partitionId: "0", offset: processed.offset, sequenceNumber: 0 });
    const crashed = read({ sequenceNumber: 0 });
    expect(texts(crashed)).toEqual(["b"]);
    crashed.close();
    const { offset } = checkpoints.load("sales", "$Default", "0") ?? { offset: "-1" };
    expect(texts(read({ offset }))).toEqual(["b"]);
  });

  it("keeps groups and partitions apart, finds names without case, and stores what it is given", () => {
    const checkpoints = createCheckpointTable();
    const save = (partitionId: string, sequenceNumber: number, of = group) => {
      checkpoints.save({ ...of, partitionId, offset: String(sequenceNumber), sequenceNumber });
    };
    save("0", 5);
    save("1", 6);
    save("0", 3);
    save("0", 9, { hub: "sales", group: "audit" });
    expect(
      checkpoints
        .list("SALES", "$DEFAULT")
        .map(({ partitionId, sequenceNumber }) => [partitionId, sequenceNumber]),
    ).toEqual([
      ["0", 3],
      ["1", 6],
    ]);
    expect(checkpoints.list("sales", "none")).toEqual([]);
  });
});

describe("ownerships", () => {
  it("EH-31: claimOwnership with a stale etag returns nothing", () => {
    const table = createOwnershipTable();
    const claim = { ...group, partitionId: "0", ownerId: "a" };
    const [first] = table.claim([claim], startMs);
    expect(first).toMatchObject({ ownerId: "a", lastModifiedMs: startMs });
    expect(table.claim([{ ...claim, ownerId: "b" }], startMs)).toEqual([]);
    const etag = first?.etag ?? "";
    const renewed = table.claim([{ ...claim, etag }], startMs + 5);
    expect(renewed).toHaveLength(1);
    expect(
      table.claim(
        [
          { ...claim, ownerId: "b", etag },
          { ...claim, partitionId: "1", etag },
        ],
        startMs,
      ),
    ).toEqual([]);
    expect(table.list("Sales", "$default")).toEqual(renewed);
    expect(table.list("sales", "audit")).toEqual([]);
  });

  it("EH-32: an expired ownership (60 s) can be claimed", () => {
    const table = createOwnershipTable();
    table.claim([{ ...group, partitionId: "0", ownerId: "dead" }], startMs);
    const decideAt = (nowMs: number) => decide("b", 1, [...table.list("sales", "$Default")], { nowMs });
    expect(decideAt(startMs + 59_999)).toEqual([]);
    expect(decideAt(startMs + 60_000)).toEqual(["0"]);
    const [expired] = table.list("sales", "$Default");
    const claim = { ...group, partitionId: "0", ownerId: "b", etag: expired?.etag ?? "" };
    expect(table.claim([claim], startMs + 60_000)).toHaveLength(1);
  });

  it("EH-33: balanced claims one per loop and ends with min..min+1 per owner", () => {
    expect(decide("a", 5, [])).toEqual(["0"]);
    expect(decide("b", 5, owned({ a: 5 }))).toHaveLength(1);
    expect(decide("b", 5, owned({ a: 3, b: 2 }))).toEqual([]);
    expect(decide("a", 5, owned({ a: 3, b: 2 }))).toEqual([]);
  });

  it("EH-34: greedy claims all due at once", () => {
    const strategy = "greedy";
    expect(decide("a", 5, [], { strategy })).toEqual(ids(5));
    expect(decide("b", 5, owned({ a: 5 }), { strategy })).toHaveLength(2);
    expect(decide("b", 8, owned({ a: 3, c: 1 }), { strategy })).toEqual(["4", "5", "6"]);
  });

  it("EH-35: steals only from owners above their share, the largest first, after what is free", () => {
    const strategy = "greedy";
    const situation = owned({ a: 3, b: 5, c: 0 });
    expect(decide("c", 8, situation, { strategy })).toEqual(["3", "4"]);
    expect(decide("c", 9, situation, { strategy })).toEqual(["8", "3", "4"]);
    expect(decide("c", 8, situation, { strategy, pick: (count) => count - 1 })).toEqual(["7", "6"]);
    expect(decide("d", 4, owned({ a: 2, b: 1, c: 1 }), { strategy })).toEqual(["0"]);
    expect(decide("c", 8, owned({ a: 4, b: 4 }), { strategy })).toEqual(["0", "4"]);
    expect(decide("c", 11, owned({ a: 5, b: 6 }))).toEqual(["5"]);
  });

  it("EH-36: with more owners than partitions the extra ones idle", () => {
    expect(decide("c", 2, owned({ a: 1, b: 1 }))).toEqual([]);
    expect(decide("c", 2, owned({ a: 1, b: 1 }), { strategy: "greedy" })).toEqual([]);
  });

  it("EH-37: a stop writes an empty ownerId, so that others take over at once", () => {
    const table = createOwnershipTable();
    const [held] = table.claim([{ ...group, partitionId: "0", ownerId: "a" }], startMs);
    expect(decide("b", 1, [...table.list("sales", "$Default")])).toEqual([]);
    table.claim([{ ...group, partitionId: "0", ownerId: "", etag: held?.etag ?? "" }], startMs + 1);
    const [given] = table.list("sales", "$Default");
    expect(given?.ownerId).toBe("");
    expect(decide("b", 1, [...table.list("sales", "$Default")], { nowMs: startMs + 1 })).toEqual(["0"]);
    const taken = { ...group, partitionId: "0", ownerId: "b", etag: given?.etag ?? "" };
    expect(table.claim([taken], startMs + 1)).toHaveLength(1);
  });

  it("ignores records of partitions that the hub does not have", () => {
    expect(decide("b", 1, owned({ b: 1, a: 4 }))).toEqual([]);
    expect(decide("a", 1, owned({ b: 1, a: 4 }))).toEqual([]);
  });
});
