import { describe, expect, it } from "vitest";
import { locksKept } from "../../src/testing/simulation/checkers/keeping.js";
import { seenOf } from "../../src/testing/simulation/checkers/seen.js";
import type { Happening } from "../../src/testing/simulation/history.js";
import { simulate } from "../../src/testing/simulation/simulate.js";

const place = { process: "c1", channel: "orders" } as const;
const received = (delivery: number, lane: string): Happening => ({
  kind: "received",
  ...place,
  id: `m${delivery}`,
  delivery,
  deliveryCount: 1,
  lockedUntilMs: 60_000,
  sequence: delivery,
  partition: undefined,
  lane,
});
const started = (delivery: number): Happening => ({
  kind: "started",
  ...place,
  run: delivery,
  id: `m${delivery}`,
  source: "p1",
  n: delivery,
  key: "k1",
  sequence: delivery,
  partition: undefined,
  deliveryCount: 1,
  attempt: 1,
  recovered: false,
  token: undefined,
  sendsFollowUp: false,
});
const renewed = (delivery: number): Happening => {
  return { kind: "renewed", process: "c1", delivery, untilMs: 100_000, told: "ok", crossing: 1 };
};
const later: Happening = { kind: "rest", channel: "jobs", messages: 0 };

/** What I3 says of locks of a minute, when the first message's is renewed and the second one's handler runs on. */
async function saysOf(lanes: readonly [string, string], lastMs: number): Promise<readonly string[]> {
  const schedule = await simulate("1", { adjust: (swarm) => ({ ...swarm, maxRunMs: 300_000 }) });
  const timed: readonly (readonly [number, Happening])[] = [
    [0, received(1, lanes[0])],
    [0, received(2, lanes[1])],
    [10, started(2)],
    [30_000, renewed(1)],
    [lastMs, later],
  ];
  const history = timed.map(([atMs, each], choice) => ({ ...each, atMs, choice }));
  return locksKept(seenOf({ ...schedule, history })).findings;
}

describe("the lock of a session", () => {
  it("is kept for all messages of it when it is renewed for one", async () => {
    expect(await saysOf(["k1", "k1"], 80_000)).toEqual([]);
  });

  it("is not kept by the renewal of another session", async () => {
    expect(await saysOf(["k2", "k1"], 80_000)).toEqual([
      "c1 let the lock of orders m2 end while its handler ran",
    ]);
  });

  it("ends all the same when it is not renewed again", async () => {
    expect(await saysOf(["k1", "k1"], 100_001)).toEqual([
      "c1 let the lock of orders m2 end while its handler ran",
    ]);
  });
});
