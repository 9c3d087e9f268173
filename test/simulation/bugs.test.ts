import { afterAll, describe, expect, it } from "vitest";
import { bugNames } from "../../src/testing/simulation/bugs.js";
import { campaign } from "../../src/testing/simulation/campaign.js";

const most = 300;
const caught: string[] = [];

/** The checkers that may find each bug: catching it by accident is not catching it. */
const foundBy: Readonly<Record<(typeof bugNames)[number], readonly string[]>> = {
  settleBeforeComplete: ["I2"],
  releaseUnconditional: ["I2", "I3"],
  tokenNotCompared: ["I2", "I3"],
  leaseNotRenewed: ["I3"],
  storeTimeLocal: ["I3", "I4"],
  checkpointHighest: ["I1", "I8"],
  checkpointAfterLoss: ["I8"],
  copyWithSameId: ["I1"],
  copyLosesTtl: ["I1"],
  completeBeforeCopy: ["I1"],
  attemptsReset: ["I1", "I7"],
  jitterOff: ["I7"],
  // A message with the id of another goes to the dead letters; lost on the way there, it looks taken for the other.
  deadLetterFailureSettles: ["I1", "I5"],
  deadLetterLosesBody: ["I1"],
  shutdownCounts: ["I20"],
  bufferDropped: ["I20"],
  handlerAfterClose: ["I20"],
  sessionSkips: ["I6"],
  lockNotRenewed: ["I3"],
  // A handler that is not told runs on beside the next one of its key.
  abortNotFired: ["I3", "I6"],
  newIdAfterAmbiguous: ["I2"],
  failedHandlerSends: ["I2"],
  dispatchAfterSettle: ["I1"],
  dedupForgotten: ["I2", "I3"],
  // Whatever a silent consumer holds back keeps the schedule from its end.
  backlogHidden: ["I1", "I11"],
};

describe("a seeded bug", () => {
  it.each(bugNames)("%s is caught", async (bug) => {
    const { failure, run } = await campaign({ first: 1, seeds: most, bug });
    const invariants = failure?.findings.map(({ invariant }) => invariant) ?? [];
    expect(
      invariants.some((invariant) => foundBy[bug].includes(invariant)),
      `${bug}: ${invariants.join()}`,
    ).toBe(true);
    caught.push(`${bug}: ${run}`);
  });

  afterAll(() => {
    process.stdout.write(`seeds to catch each seeded bug: ${caught.join(", ")}\n`);
  });
});
