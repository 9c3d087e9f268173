import { at, isOriginal, type Check, type Seen, type SeenRun } from "./seen.js";

/**
 * I7: a message is tried as often as configured, however many processes there are; and those that failed together do
 * not come back together.
 */
export function boundedAttempts(seen: Seen): Check {
  const { schedule, of, runs } = seen;
  const findings: string[] = [];
  const lineages = new Map<string, number>();
  for (const each of of("accepted", "settled", "received")) {
    const more =
      (each.kind === "accepted" && (isOriginal(each) || !each.heard)) ||
      (each.kind === "settled" && (!each.ok || !each.heard)) ||
      // A stream carries no count: who reads a partition after somebody else begins anew.
      (each.kind === "received" && each.channel === "sales");
    if (more)
      lineages.set(`${each.channel} ${each.id}`, (lineages.get(`${each.channel} ${each.id}`) ?? 0) + 1);
  }
  for (const message of unfinished(seen)) lineages.set(message, (lineages.get(message) ?? 0) + 1);
  const groups = new Map<string, SeenRun[]>();
  for (const run of runs) at(groups, `${run.started.channel} ${run.started.id}`, () => []).push(run);
  // What a process has tried while it held a lane dies with it.
  const crashes = of("life").filter(({ step }) => step === "crashed").length;
  let failures = 0;
  for (const [message, group] of groups) {
    const failed = group.filter(({ ended }) => ended?.how === "failed" || ended?.how === "asksRetry");
    const aborted = group.filter(({ aborted }) => aborted !== undefined).length;
    failures += failed.length;
    const bound = schedule.swarm.attempts * (Math.max(1, lineages.get(message) ?? 0) + crashes) + aborted;
    if (failed.length > bound)
      findings.push(`${message} failed ${failed.length} times; the bound is ${bound}`);
  }
  return { findings: [...findings, ...together(seen)], exercised: failures > 0 };
}

/**
 * A message for each of its retry copies that was accepted and whose original its process never tried to complete, as
 * after a crash: both live on, and each has what attempts it has left. A process may have several on their way.
 */
function unfinished({ of }: Seen): string[] {
  const open = new Map<string, { readonly message: string; copies: number }>();
  for (const each of of("accepted", "settled")) {
    const copied = each.kind === "accepted" && !isOriginal(each);
    if (!copied && (each.kind !== "settled" || each.action !== "complete")) continue;
    const message = `${each.channel} ${each.id}`;
    const known = at(open, `${each.process} ${message}`, () => ({ message, copies: 0 }));
    known.copies = Math.max(0, known.copies + (copied ? 1 : -1));
  }
  return [...open.values()].flatMap(({ message, copies }) => Array.from({ length: copies }, () => message));
}

/** Delays that are exactly what the back-off computes, without anything drawn: once is chance, mostly is a bug. */
function together({ schedule, of, runOf }: Seen): string[] {
  const { backoffFirstMs } = schedule.swarm;
  const computed = new Set(
    Array.from({ length: 12 }, (_, index) => Math.min(120_000, backoffFirstMs * 2 ** index)),
  );
  const justFailed = new Set<string>();
  let delays = 0;
  let exact = 0;
  for (const each of of("ended", "accepted")) {
    if (each.kind === "ended") {
      const run = runOf.get(each.run);
      if (run !== undefined && each.how === "failed")
        justFailed.add(`${run.started.process} ${run.started.id}`);
    }
    if (each.kind !== "accepted" || isOriginal(each) || each.delayMs === undefined) continue;
    if (!justFailed.delete(`${each.process} ${each.id}`)) continue;
    delays += 1;
    if (computed.has(each.delayMs)) exact += 1;
  }
  return exact >= 4 && exact >= delays * 0.6
    ? [`${exact} of ${delays} retries waited the same computed time`]
    : [];
}
