/** The seeded bugs: what a careless implementation would do. Each must be caught by a checker. */
export const bugNames = [
  "settleBeforeComplete",
  "releaseUnconditional",
  "tokenNotCompared",
  "leaseNotRenewed",
  "storeTimeLocal",
  "checkpointHighest",
  "checkpointAfterLoss",
  "copyWithSameId",
  "copyLosesTtl",
  "completeBeforeCopy",
  "attemptsReset",
  "jitterOff",
  "deadLetterFailureSettles",
  "deadLetterLosesBody",
  "shutdownCounts",
  "bufferDropped",
  "handlerAfterClose",
  "sessionSkips",
  "lockNotRenewed",
  "abortNotFired",
  "newIdAfterAmbiguous",
  "failedHandlerSends",
  "dispatchAfterSettle",
  "dedupForgotten",
] as const;

export type BugName = (typeof bugNames)[number];
