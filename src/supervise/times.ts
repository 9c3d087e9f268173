import { WaybillError } from "../errors.js";
import { durationMs, type Duration } from "../runtime/duration.js";
import type { LadderTimes } from "./ladder.js";

/** How a running service looks after its consumers. */
export interface SupervisionOptions {
  /**
   * How long a consumer that has room may be given nothing although messages wait, before its link is made anew. A quiet
   * source is looked at twice in this time. Default `"60s"`, at least `"1s"`.
   */
  readonly stallAfter?: Duration;
}

/** The times of supervision, in milliseconds: all follow from `stallAfter`. */
export interface SupervisionTimes extends LadderTimes {
  readonly stallMs: number;
  /** Between two looks whether something waits. */
  readonly lookMs: number;
  /** For the answer to a look. */
  readonly answerMs: number;
}

/** @throws {WaybillError} `invalidOption` */
export function supervisionTimes({ stallAfter = "60s" }: SupervisionOptions = {}): SupervisionTimes {
  const stallMs = durationMs(stallAfter, "supervision.stallAfter");
  if (stallMs < 1_000) {
    throw new WaybillError(
      "invalidOption",
      `supervision.stallAfter is ${JSON.stringify(stallAfter)}: give 1s or more, so that a slow answer is no stall`,
    );
  }
  return {
    stallMs,
    lookMs: looksEvery * stallMs,
    answerMs: Math.max(5_000, stallMs / 6),
    gapMs: stallMs / 6,
    longestGapMs: stallMs,
  };
}

/**
 * Of `stallAfter`. A message counts when it is seen to wait at two looks, and at the look before them another one may have stood
 * before it: three looks have to come within one and a half times `stallAfter`, their timer's delays included.
 */
const looksEvery = 0.4;
