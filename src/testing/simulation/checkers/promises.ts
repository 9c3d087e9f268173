import type { Check, Seen } from "./seen.js";

/** What a stop may take beyond its deadline. */
const graceMs = 250;

/** I12: every promise of the public door is kept; a stop ends by its deadline, whatever hangs. */
export function promisesKept({ schedule, of }: Seen): Check {
  const findings: string[] = [];
  const open = new Map<number, string>();
  const dead = new Set<string>();
  const stops = new Map<string, { readonly atMs: number; readonly deadlineMs: number; late: boolean }>();
  for (const each of of("promise", "life")) {
    if (each.kind === "promise") {
      if (each.settled) open.delete(each.number);
      else open.set(each.number, `${each.process} ${each.what}`);
      continue;
    }
    if (each.step === "crashed") dead.add(each.process);
    if (each.step === "stopping")
      stops.set(each.process, { atMs: each.atMs, deadlineMs: Number(each.detail), late: false });
    const stop = stops.get(each.process);
    if (stop === undefined) continue;
    if (each.step === "paused" || each.step === "resumed") stop.late = true;
    if (each.step === "stopped" && !stop.late && each.atMs - stop.atMs > stop.deadlineMs + graceMs)
      findings.push(`${each.process} took ${each.atMs - stop.atMs} ms to stop; it had ${stop.deadlineMs}`);
  }
  for (const promise of open.values()) {
    if (!dead.has(promise.split(" ")[0] ?? "")) findings.push(`a promise was never kept: ${promise}`);
  }
  if (schedule.phases["stop"] !== "ended")
    findings.push(`not everybody stopped: ${schedule.phases["stop"] ?? ""}`);
  return { findings, exercised: stops.size > 0 };
}
