import { describe, expect, it } from "vitest";
import { campaign, type Result } from "./campaign.js";
import { rows } from "./catalogue.js";
import { deaf } from "./deaf.js";
import { failuresOf, sumOf, tableOf } from "./report.js";
import type { Row } from "./row.js";
import { Silence } from "./silence.js";
import { onQueue } from "./staged.js";
import { FencedLedger } from "./fenced-ledger.js";
import { unplayed } from "./unplayed.js";
import { unwhole } from "./whole-letters.js";
import { serviceBusOver } from "./worlds.js";

/** One of each kind of fault; `npm run faults` has them all. */
const chosen = (f: number, on: Row["on"]): Row => {
  const found = rows.find((row) => row.f === f && row.on === on);
  if (found === undefined) throw new Error(`there is no row F${String(f)} of ${on}`);
  return found;
};

const selection = [
  chosen(8, "service-bus"),
  chosen(13, "service-bus sessions"),
  chosen(24, "service-bus"),
  chosen(28, "event-hubs"),
  chosen(23, "storage-queue"),
  chosen(23, "event-grid"),
  chosen(52, "service-bus"),
  chosen(72, "event-grid"),
];

/** Those whose catalogue row has something in its column "over the wire". */
const overTheWire = [
  ...Array.from({ length: 24 }, (_, at) => at + 1).filter((f) => f !== 19 && f !== 24),
  ...[19, 24, 27, 28, 29, 30, 31, 32, 34, 35, 36, 38, 40, 41, 42, 43, 44, 45, 46, 47],
  ...[51, 52, 53, 54, 56, 57, 58, 60, 63, 64, 69, 71, 72, 73],
];

describe("faults of the wire", () => {
  it("lose nothing, repeat nothing in silence, and are over when they are over", async () => {
    const run = await campaign(selection, { seed: 1, lanes: 8 });
    expect(failuresOf(run)).toEqual([]);
    expect(run.results.every(({ pass }) => pass)).toBe(true);
    expect(sumOf(run)).toMatch(/^8 rows of 7 faults, struck \d+ times: .* 0 rows failed, 0 lost$/);
  });

  it("are played, or said not to be, for every fault that a wire can have", () => {
    const known = new Set([...rows.map(({ f }) => f), ...Object.keys(unplayed).map(Number)]);
    // Without a certain order of deliveries there is none to change, and a copy of hours ago is the broker's.
    expect(overTheWire.filter((f) => !known.has(f) && f !== 25 && f !== 26)).toEqual([]);
  });

  it("fail a row that loses something, or whose fault never struck", async () => {
    const quiet: Row = {
      ...{ f: 1, on: "service-bus", injected: "nothing", holds: ["I1"] },
      run: () => Promise.resolve({ struck: 0, accepted: 2, effects: 1, lost: ["a-1"], problems: [] }),
    };
    const run = await campaign([quiet], { seed: 1, lanes: 1 });
    const [result] = run.results as readonly [Result];
    expect(result.pass).toBe(false);
    expect(failuresOf(run)).toEqual(["F1 service-bus: lost a-1"]);
    expect(tableOf(run.results)).toMatch(/F1 .* FAIL$/);
    expect(sumOf(run)).toMatch(/1 rows failed, 1 lost$/);
  });

  it("fail a row whose consumer falls silent while messages wait (I11)", async () => {
    let isDeaf = false;
    const silent = onQueue({
      ...{ f: 27, injected: "an adapter that gets nothing, and cannot look why", holds: ["I1", "I11"] },
      transport: (connectionString) => deaf(serviceBusOver(connectionString), () => isDeaf),
      act: async (stage) => {
        isDeaf = true;
        await stage.heard();
        isDeaf = false;
        await stage.progress();
        return 1;
      },
    });
    const run = await campaign([silent], { seed: 1, lanes: 1 });
    expect(failuresOf(run)).toEqual([
      expect.stringMatching(/^F27 service-bus: I11: the worker got nothing and said nothing for \d+ ms$/),
    ]);
  });
});

describe("the silence of a service", () => {
  let nowMs = 0;
  const silence = (): Silence => {
    nowMs = 0;
    return new Silence({ service: "worker", elapsed: () => nowMs, limitMs: 10 });
  };
  const place = { service: "worker", channel: "work", kind: "queue" } as const;
  const stalled = { ...place, event: "stalled", evidence: "one waits", final: false } as const;

  it("is too long when nothing is done and nothing said, though others speak", () => {
    const heard = silence();
    nowMs = 11;
    heard.hear({ ...stalled, service: "shop" });
    expect(heard.isTooLong).toBe(true);
  });

  it("is over with a word, and begins anew with what is done", () => {
    const heard = silence();
    nowMs = 9;
    heard.hear(stalled);
    nowMs = 30;
    expect([heard.hasSaid, heard.isTooLong]).toEqual([true, false]);
    heard.hear({
      ...place,
      event: "handled",
      id: "a-1",
      messageType: "job",
      attempt: 1,
      deliveryCount: 1,
      durationMs: 1,
    });
    nowMs = 41;
    expect([heard.hasSaid, heard.isTooLong]).toEqual([false, true]);
  });

  it("does not count while nothing waits", () => {
    const heard = silence();
    nowMs = 9;
    heard.rest();
    nowMs = 19;
    expect(heard.look()).toBe(10);
    expect(heard.isTooLong).toBe(false);
  });
});

describe("a ledger with a fence", () => {
  const told = (token: number) => ({ id: "a", key: "k", attempt: 1, recovered: token > 1, token });

  it("takes no effect of an owner that another one has followed", () => {
    const ledger = new FencedLedger();
    ledger.accept({ id: "a", n: 1, does: "work" });
    ledger.began(told(1));
    ledger.began(told(2));
    ledger.effect(told(2));
    ledger.effect(told(1));
    expect([ledger.effects, ledger.fenced]).toEqual([1, 1]);
    expect(ledger.verdict(new Set()).repeated).toEqual([]);
  });
});

describe("dead letters", () => {
  const job = { n: 3, key: "a" };
  const letter = (body: string, description = "it is given up") => ({
    ...{
      lane: undefined,
      deliveryCount: 1,
      lockedUntilMs: undefined,
      broker: { messageId: "1" },
      native: {},
    },
    envelope: {
      ...{ id: "a-3", source: "shop", type: "faults.job", version: 1, contentType: "application/json" },
      ...{ headers: {}, history: {}, extensions: {}, body: Buffer.from(body) },
    },
    record: {
      ...({
        reason: "Permanent",
        description,
        errorName: "GivenUp",
        errorStack: "at work",
        attempts: 1,
      } as const),
      ...{ deliveryCount: 1, consumer: "worker", from: "work", at: "2026-01-01T00:00:00Z" },
    },
  });

  it("are whole with the body that was sent and a record that says everything, and only then (I16)", () => {
    const ledger = { jobOf: () => job };
    expect(unwhole([letter('{"n":3,"key":"a"}')], ledger)).toEqual([]);
    expect(unwhole([letter('{"n":3,"key":"a" }')], ledger)).toEqual([
      expect.stringMatching(/^I16: the body of dead letter a-3 is /),
    ]);
    expect(unwhole([letter('{"n":3,"key":"a"}', "")], ledger)).toEqual([
      expect.stringMatching(/^I16: the record of dead letter a-3 is /),
    ]);
  });
});
