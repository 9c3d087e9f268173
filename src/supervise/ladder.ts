/**
 * What a look at a consumer found. `moving`: it gets messages, or none wait. `waits`: a message waits that it is not given;
 * `sure` unless another consumer may have it. `silent`: the service does not answer. `failing`: its receives fail.
 */
export type Finding =
  | { readonly kind: "moving" }
  | { readonly kind: "waits"; readonly sure: boolean }
  | { readonly kind: "silent" }
  | { readonly kind: "failing" };

/** What to make anew: the link of the consumer, or the client under it. `exhausted`: nothing is left but a new process. */
export type Step = "none" | "link" | "client" | "exhausted";

/** Where a consumer stands: how often something was made anew in vain, and when that may be done again. */
export interface Rung {
  readonly steps: number;
  readonly nextMs: number;
  readonly exhausted: boolean;
}

/** The times of a ladder, in milliseconds. */
export interface LadderTimes {
  /** The least between two steps. */
  readonly gapMs: number;
  /** The most between two steps of a consumer that is known to be stalled. */
  readonly longestGapMs: number;
}

export const ground: Rung = { steps: 0, nextMs: -Infinity, exhausted: false };

/**
 * Decides the next step: first the link, then the client, each after a longer pause than the last, with jitter.
 *
 * Only a consumer that certainly should get messages, from a service that answers, exhausts the ladder: where another
 * consumer may have the message, or the service is away, a new process would do no better. `draw` gives a number in [0, 1).
 */
export function climb(
  at: Rung,
  finding: Finding,
  nowMs: number,
  draw: () => number,
  times: LadderTimes,
): { readonly at: Rung; readonly step: Step } {
  if (finding.kind === "moving") return { at: ground, step: "none" };
  if (nowMs < at.nextMs) return { at, step: "none" };
  const exhausts = finding.kind === "waits" && finding.sure && at.steps >= stepsInVain && !at.exhausted;
  const next: Rung = {
    steps: at.steps + 1,
    nextMs: nowMs + pauseMs(at.steps, finding, draw, times),
    exhausted: at.exhausted || exhausts,
  };
  return { at: next, step: exhausts ? "exhausted" : stepOf(at.steps, finding) };
}

/** A new link, a new client and another one. */
const stepsInVain = 3;

function stepOf(steps: number, finding: Finding): Step {
  // A client over which not even a look is answered gives no better links.
  if (finding.kind === "failing" || finding.kind === "silent") return "client";
  // A connection for a message that somebody else handles would be for nothing each time.
  if (finding.kind === "waits" && !finding.sure) return steps === 1 ? "client" : "link";
  return steps === 0 ? "link" : "client";
}

function pauseMs(
  steps: number,
  finding: Finding,
  draw: () => number,
  { gapMs, longestGapMs }: LadderTimes,
): number {
  const unsure = finding.kind === "waits" && !finding.sure;
  const longest = unsure ? unsureFactor * longestGapMs : longestGapMs;
  const pause = Math.min(longest, gapMs * 2 ** Math.min(steps + 1, 20));
  return Math.max(gapMs, pause * (0.5 + draw() / 2));
}

/** How much rarer links are made anew for what another consumer may have. */
const unsureFactor = 10;
