import type { Pump } from "../consume/pump.js";
import { isoTime } from "../runtime/iso-time.js";
import { evidenceText, mostEvidence, type Evidence } from "./evidence-log.js";

/** Why receiving fails. */
export const receivingFailed = ({ failures, failure }: Pump["intake"]): string =>
  `receiving failed ${String(failures)} times in a row: ${failure?.message ?? ""}`;

/** Why an event that was handled keeps its partition from going on. */
export const notSettled = (why: string): string => `an event is handled and cannot be settled: ${why}`;

/** What was seen, and what is wrong right now, which the log has only from the next look on. */
export function evidenceOf({ intake, unsettled }: Pump, seen: readonly Evidence[]): readonly Evidence[] {
  const evidence = [...seen];
  const add = (begin: string, sinceMs: number, text: string): void => {
    const at = isoTime(sinceMs);
    if (!seen.some((each) => each.at >= at && each.what.startsWith(begin)))
      evidence.push({ at, what: evidenceText(text) });
  };
  if (intake.failures > 0) add("receiving failed", intake.changedMs, receivingFailed(intake));
  if (unsettled !== undefined) add(notSettled(""), unsettled.sinceMs, notSettled(unsettled.why));
  // Oldest first: what is wrong now may have begun before the last look.
  return evidence.sort((left, right) => left.at.localeCompare(right.at)).slice(-mostEvidence);
}
