import type { Schedule } from "../simulate.js";
import { toldInFull } from "./account.js";
import { boundedAttempts } from "./attempts.js";
import { honestCheckpoints } from "./checkpoints.js";
import { oneEffect } from "./effects.js";
import { fairShare } from "./fairness.js";
import { locksKept } from "./keeping.js";
import { leaseExclusion, leaseLiveness } from "./leases.js";
import { noLoss } from "./loss.js";
import { orderPerKey } from "./order.js";
import { payloadsApart } from "./payloads.js";
import { poisonAside, prototypesUntouched } from "./poison.js";
import { promisesKept } from "./promises.js";
import { seenOf, type Checker } from "./seen.js";
import { cleanShutdown } from "./shutdown.js";
import { noSilentStop } from "./silent-stop.js";

/** The checkers, by the invariant of `docs/simulation.md` that they watch. I21 is the trace hash. */
const checkers: readonly (readonly [string, Checker])[] = [
  ["I1", noLoss],
  ["I2", oneEffect],
  ["I3", leaseExclusion],
  ["I3", locksKept],
  ["I4", leaseLiveness],
  ["I5", payloadsApart],
  ["I6", orderPerKey],
  ["I7", boundedAttempts],
  ["I8", honestCheckpoints],
  ["I11", noSilentStop],
  ["I12", promisesKept],
  ["I13", poisonAside],
  ["I15", prototypesUntouched],
  ["I18", fairShare],
  ["I20", cleanShutdown],
  ["I22", toldInFull],
];

/** The invariants that a schedule is checked for. */
export const checkedInvariants: readonly string[] = [...new Set(checkers.map(([name]) => name)), "I21"];

/** A violated invariant. */
export interface Finding {
  readonly invariant: string;
  readonly text: string;
}

/** What the checkers say of a schedule. */
export interface Verdict {
  readonly findings: readonly Finding[];
  /** The invariants whose condition the schedule met. */
  readonly exercised: readonly string[];
}

/** Checks a schedule for everything. */
export function check(schedule: Schedule): Verdict {
  const seen = seenOf(schedule);
  const findings: Finding[] = [];
  const exercised = new Set<string>();
  for (const [invariant, checker] of checkers) {
    const result = checker(seen);
    for (const text of result.findings) findings.push({ invariant, text });
    if (result.exercised) exercised.add(invariant);
  }
  return { findings, exercised: [...exercised] };
}
