import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { StreamReader } from "../../../../adapters/memory/broker/stream/attach-reader.js";
import {
  decideClaims,
  type ClaimSituation,
} from "../../../../adapters/memory/broker/stream/decide-claims.js";
import type { EventPosition } from "../../../../adapters/memory/broker/stream/event-position.js";
import {
  createOwnershipTable,
  type OwnershipTable,
} from "../../../../adapters/memory/broker/stream/ownerships.js";
import { event, salesHub, startMs, texts, type Fixture } from "./stream-fixture.js";

/** The model keeps every event for ever, and says of each whether it is gone. */
interface Model {
  nowMs: number;
  retentionMs: number;
  readonly log: { readonly text: string; readonly atMs: number; gone: boolean }[];
  readonly cursors: { next: number; readonly afterMs: number; waiting: boolean }[];
}

interface Real extends Fixture {
  readonly readers: StreamReader[];
  readonly woken: Set<number>;
}

type Step = fc.Command<Model, Real>;

function expire(model: Model): void {
  for (const entry of model.log) if (entry.atMs + model.retentionMs <= model.nowMs) entry.gone = true;
}

function visible(model: Model, cursor: Model["cursors"][number]): { text: string; index: number }[] {
  return model.log.flatMap(({ text, atMs, gone }, index) =>
    !gone && index >= cursor.next && atMs > cursor.afterMs ? [{ text, index }] : [],
  );
}

const step = (name: string, act: (model: Model, real: Real) => void): Step => ({
  check: () => true,
  run(model, real) {
    act(model, real);
    expire(model);
    const retained = model.log.filter(({ gone }) => !gone).length;
    expect(real.engine.partitionProperties("sales", "0")).toMatchObject({
      beginningSequenceNumber: model.log.length - retained,
      lastEnqueuedSequenceNumber: model.log.length - 1,
      isEmpty: retained === 0,
    });
  },
  toString: () => name,
});

const publish = fc.array(fc.string({ maxLength: 3 }), { minLength: 1, maxLength: 4 }).map((batch) =>
  step(`publish ${JSON.stringify(batch)}`, (model, real) => {
    const due = model.cursors.map((cursor) => cursor.waiting && model.nowMs > cursor.afterMs);
    real.engine.publish("sales", batch.map(event), { partitionId: "0" });
    for (const text of batch) model.log.push({ text, atMs: model.nowMs, gone: false });
    for (const [index, cursor] of model.cursors.entries()) {
      expect(real.woken.has(index)).toBe(due[index]);
      if (due[index] === true) cursor.waiting = false;
    }
    real.woken.clear();
  }),
);

const advance = fc.integer({ min: 1, max: 40 }).map((ms) =>
  step(`advance ${String(ms)}`, (model, real) => {
    model.nowMs += ms;
    real.engine.advanceTo(model.nowMs);
  }),
);

const retain = fc.integer({ min: 1, max: 100 }).map((retentionMs) =>
  step(`retain ${String(retentionMs)}`, (model, real) => {
    model.retentionMs = retentionMs;
    real.engine.updateHub("sales", { retentionMs });
  }),
);

const open = fc
  .tuple(fc.constantFrom("earliest", "latest", "offset", "sequence", "time"), fc.nat(50), fc.boolean())
  .map(([kind, number, inclusive]) =>
    step(`open ${kind} ${String(number)} ${String(inclusive)}`, (model, real) => {
      if (model.cursors.length === 5) return;
      const last = model.log.length - 1;
      const index = Math.min(number, last);
      const offset = () => {
        const probe = real.read({ sequenceNumber: index, inclusive: true });
        const found = probe.take(1)[0];
        probe.close();
        return found?.sequenceNumber === index ? found.offset : undefined;
      };
      const after = inclusive ? index : index + 1;
      const timeMs = startMs + number * 5;
      const starts: Record<string, [EventPosition, number, number]> = {
        earliest: [{ offset: "-1" }, 0, -Infinity],
        latest: [{ offset: "@latest" }, model.log.length, -Infinity],
        sequence: [{ sequenceNumber: index, inclusive }, after, -Infinity],
        time: [{ enqueuedAfterMs: timeMs }, 0, timeMs],
      };
      const known = kind === "offset" && last >= 0 ? offset() : undefined;
      if (known !== undefined) starts["offset"] = [{ offset: known, inclusive }, after, -Infinity];
      const start = starts[kind];
      if (start === undefined) return;
      real.readers.push(real.read(start[0]));
      model.cursors.push({ next: start[1], afterMs: start[2], waiting: false });
    }),
  );

const take = fc.tuple(fc.nat(4), fc.integer({ min: 0, max: 5 })).map(([which, max]) =>
  step(`take ${String(max)} by ${String(which)}`, (model, real) => {
    const [reader, cursor] = [real.readers[which], model.cursors[which]];
    if (reader === undefined || cursor === undefined) return;
    const expected = visible(model, cursor).slice(0, max);
    expect(texts(reader, max)).toEqual(expected.map(({ text }) => text));
    cursor.next = (expected.at(-1)?.index ?? cursor.next - 1) + 1;
  }),
);

const wait = fc.nat(4).map((which) =>
  step(`wait by ${String(which)}`, (model, real) => {
    const [reader, cursor] = [real.readers[which], model.cursors[which]];
    if (reader === undefined || cursor === undefined) return;
    reader.onAvailable(() => real.woken.add(which));
    cursor.waiting = visible(model, cursor).length === 0;
    expect(real.woken.has(which)).toBe(!cursor.waiting);
    real.woken.clear();
  }),
);

describe("the partition log under random use", () => {
  it("shows each reader what a log that is never trimmed would, less what has expired", () => {
    fc.assert(
      fc.property(
        fc.commands([publish, publish, advance, retain, open, take, take, wait], { size: "+1" }),
        (steps) => {
          fc.modelRun(
            () => ({
              model: { nowMs: startMs, retentionMs: 100, log: [], cursors: [] },
              real: { ...salesHub({ retentionMs: 100 }), readers: [], woken: new Set<number>() },
            }),
            steps,
          );
        },
      ),
      { numRuns: 500 },
    );
  });
});

interface Cluster {
  readonly partitions: number;
  readonly owners: readonly string[];
  readonly strategy: "balanced" | "greedy";
  /** Owner of each partition at first, by index; those past the list are free. */
  readonly initial: readonly number[];
  readonly picks: readonly number[];
}

const cluster: fc.Arbitrary<Cluster> = fc.record({
  partitions: fc.integer({ min: 1, max: 12 }),
  owners: fc
    .integer({ min: 1, max: 6 })
    .map((count) => Array.from({ length: count }, (_, index) => `o${String(index)}`)),
  strategy: fc.constantFrom("balanced", "greedy"),
  initial: fc.array(fc.nat(7), { maxLength: 12 }),
  picks: fc.array(fc.nat(100), { minLength: 1, maxLength: 20 }),
});

const scope = { hub: "sales", group: "$Default" };

/** One loop of one owner: decide, check the decision, renew and claim. Returns the number of new claims. */
function runLoop(
  table: OwnershipTable,
  situation: Omit<ClaimSituation, "ownerships"> & Pick<Cluster, "strategy">,
): number {
  const { ownerId, nowMs, partitionIds, strategy } = situation;
  const ownerships = table.list("sales", "$Default");
  const claims = decideClaims({ ...situation, ownerships });
  if (strategy === "balanced") expect(claims.length).toBeLessThanOrEqual(1);
  expect(new Set(claims).size).toBe(claims.length);

  const fresh = ownerships.filter(({ lastModifiedMs }) => nowMs - lastModifiedMs < 60_000);
  const counts = countByOwner(fresh);
  const least = Math.floor(partitionIds.length / new Set([...counts.keys(), ownerId]).size);
  for (const { ownerId: victim } of fresh.filter(({ partitionId }) => claims.includes(partitionId))) {
    expect(victim).not.toBe(ownerId);
    expect(counts.get(victim) ?? 0).toBeGreaterThan(least);
  }

  const own = ownerships.filter((record) => record.ownerId === ownerId).map(({ partitionId }) => partitionId);
  const wanted = [...new Set([...own, ...claims])].map((partitionId) => {
    const etag = ownerships.find((record) => record.partitionId === partitionId)?.etag;
    return { ...scope, partitionId, ownerId, ...(etag === undefined ? {} : { etag }) };
  });
  expect(table.claim(wanted, nowMs)).toHaveLength(wanted.length);
  return claims.length;
}

describe("load balancing under random starts", () => {
  it("ends, with every partition owned and every owner at its share, and then claims nothing more", () => {
    fc.assert(
      fc.property(cluster, ({ partitions, owners, strategy, initial, picks }) => {
        const table = createOwnershipTable();
        const partitionIds = Array.from({ length: partitions }, (_, index) => String(index));
        // Owners beyond the cluster are dead: nobody renews their records.
        const first = initial.slice(0, partitions).map((owner, index) => ({
          ...scope,
          partitionId: String(index),
          ownerId: `o${String(owner)}`,
        }));
        table.claim(first, startMs);
        let draws = 0;
        const pick = (count: number) => (picks[draws++ % picks.length] ?? 0) % count;

        const rounds = partitions + owners.length + 8;
        let lastClaims = 0;
        for (let round = 0; round < rounds; round++) {
          const nowMs = startMs + round * 10_000;
          lastClaims = owners.reduce(
            (sum, ownerId) => sum + runLoop(table, { ownerId, partitionIds, nowMs, strategy, pick }),
            0,
          );
        }
        expect(lastClaims).toBe(0);
        const counts = countByOwner(table.list("sales", "$Default"));
        const shares = owners.map((owner) => counts.get(owner) ?? 0);
        expect(shares.reduce((sum, share) => sum + share, 0)).toBe(partitions);
        expect(Math.max(...shares) - Math.min(...shares)).toBeLessThanOrEqual(1);
      }),
      { numRuns: 500 },
    );
  });
});

function countByOwner(records: readonly { readonly ownerId: string }[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { ownerId } of records) counts.set(ownerId, (counts.get(ownerId) ?? 0) + 1);
  return counts;
}
