import { at, type Check, type Seen } from "./seen.js";

const ends = new Set<string>([
  "handled",
  "ignored",
  "duplicate",
  "retryScheduled",
  "released",
  "deferred",
  "deadLettered",
  "left",
]);

/** I22: what a service tells is complete: every delivery that it tells of comes to an end that it tells of. */
export function toldInFull({ of }: Seen): Check {
  const open = new Map<string, Map<string, number>>();
  const findings: string[] = [];
  let exercised = false;
  for (const each of of("said", "life")) {
    if (each.kind === "said") {
      const told = at(open, each.process, () => new Map<string, number>());
      const message = `${each.channel} ${each.id}`;
      if (each.event === "delivered") told.set(message, (told.get(message) ?? 0) + 1);
      else if (ends.has(each.event)) told.set(message, (told.get(message) ?? 0) - 1);
    }
    if (each.kind !== "life" || each.step !== "stopped" || each.detail !== "0") continue;
    exercised = true;
    for (const [message, count] of open.get(each.process) ?? []) {
      if (count > 0) findings.push(`${each.process} told of a delivery of ${message} and never of its end`);
    }
  }
  return { findings, exercised };
}
