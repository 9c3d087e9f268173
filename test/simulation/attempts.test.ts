import { describe, expect, it } from "vitest";
import { boundedAttempts } from "../../src/testing/simulation/checkers/attempts.js";
import { seenOf } from "../../src/testing/simulation/checkers/seen.js";
import type { Happening } from "../../src/testing/simulation/history.js";
import { simulate } from "../../src/testing/simulation/simulate.js";

const place = { process: "c1", channel: "jobs", id: "m1" } as const;
const accepted = (brokerId: string | undefined): Happening => ({
  kind: "accepted",
  ...place,
  brokerId,
  cause: undefined,
  body: "{}",
  delayMs: undefined,
  heard: true,
});
const completed: Happening = {
  kind: "settled",
  ...place,
  delivery: 1,
  action: "complete",
  ok: true,
  heard: true,
};
const failed = (run: number): Happening[] => [
  {
    kind: "started",
    ...place,
    run,
    source: "p1",
    n: 1,
    key: "k1",
    sequence: 1,
    partition: undefined,
    deliveryCount: 1,
    attempt: 1,
    recovered: false,
    token: undefined,
    sendsFollowUp: false,
  },
  { kind: "ended", run, how: "failed" },
];

/** What I7 says of a message that may be tried three times, after nine runs of its handler. */
async function nineRunsAfter(happenings: readonly Happening[]): Promise<readonly string[]> {
  const schedule = await simulate("1", { adjust: (swarm) => ({ ...swarm, attempts: 3 }) });
  const runs = Array.from({ length: 9 }, (_, run) => failed(run)).flat();
  const history = [...happenings, ...runs].map((each) => ({ ...each, atMs: 0, choice: 0 }));
  return boundedAttempts(seenOf({ ...schedule, history })).findings;
}

describe("the bound of attempts", () => {
  it("holds for one message, however many of its copies were scheduled one after the other", async () => {
    const inTurn = [accepted(undefined), accepted("a"), completed, accepted("b"), completed];
    expect(await nineRunsAfter(inTurn)).toEqual(["jobs m1 failed 9 times; the bound is 3"]);
  });

  it("counts every copy whose original its process left behind", async () => {
    const one = [accepted(undefined), accepted("a")];
    expect(await nineRunsAfter(one)).toEqual(["jobs m1 failed 9 times; the bound is 6"]);
    expect(await nineRunsAfter([...one, accepted("b")])).toEqual([]);
  });
});
