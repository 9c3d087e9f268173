import type { Recorded } from "../history.js";
import type { Check, Of, Seen, SeenRun } from "./seen.js";

/**
 * I3, in the process: while a handler runs its lock and its lease are renewed in time, and when the process learns
 * that the lock is gone the handler learns it at once.
 */
export function locksKept(seen: Seen): Check {
  const state: State = {
    seen,
    open: new Map(),
    asked: new Map(),
    stoodStill: new Map(),
    dead: new Set(),
    lost: new Map(),
    findings: [],
    exercised: false,
  };
  for (const each of seen.history) {
    judge(state, each);
    follow(state, each);
  }
  return { findings: state.findings, exercised: state.exercised };
}

interface State {
  readonly seen: Seen;
  /** Runs that go on. */
  readonly open: Map<number, OpenRun>;
  /** When a process last asked, by what it asked for. */
  readonly asked: Map<string, number>;
  /** Until when a process last stood still; for ever if it still does. */
  readonly stoodStill: Map<string, number>;
  readonly dead: Set<string>;
  /** Deliveries whose loss an answer under way tells of, by its crossing. */
  readonly lost: Map<string, number[]>;
  readonly findings: string[];
  exercised: boolean;
}

interface OpenRun {
  readonly run: SeenRun;
  lock: Kept | undefined;
  lease: Kept | undefined;
  /** The choice with which its process learnt that the lock is gone. */
  toldLost: number | undefined;
}

interface Kept {
  sinceMs: number;
  untilMs: number;
}

function judge(state: State, each: Recorded): void {
  for (const open of state.open.values()) {
    const { process, channel, id, token } = open.run.started;
    if (state.dead.has(process)) continue;
    if (open.toldLost !== undefined && each.choice > open.toldLost) {
      state.findings.push(`${process} learnt that the lock of ${id} is gone and did not tell its handler`);
      open.toldLost = undefined;
    }
    if (ended(state, open, open.lock, each, `renew ${channel}`))
      state.findings.push(`${process} let the lock of ${channel} ${id} end while its handler ran`);
    if (ended(state, open, open.lease, each, `store ${keyOf(open.run.started)}`))
      state.findings.push(`${process} let the lease ${token ?? 0} of ${id} end while its handler ran`);
  }
}

/** Whether something ended that its process did not ask to prolong in time, although it could. */
function ended(
  state: State,
  { run }: OpenRun,
  kept: Kept | undefined,
  each: Recorded,
  what: string,
): boolean {
  if (kept === undefined || each.atMs <= kept.untilMs) return false;
  const { sinceMs } = kept;
  kept.untilMs = Infinity;
  const { process } = run.started;
  const { maxRunMs } = state.seen.schedule.swarm;
  if (run.aborted !== undefined && run.aborted.choice <= each.choice) return false;
  // What takes too long is renewed no longer.
  if (each.atMs - run.started.atMs >= maxRunMs || each.atMs - (run.delivery?.atMs ?? 0) >= maxRunMs)
    return false;
  if ((state.stoodStill.get(process) ?? -1) >= sinceMs) return false;
  return (state.asked.get(`${process} ${what}`) ?? -1) < sinceMs;
}

function follow(state: State, each: Recorded): void {
  const { open, asked, stoodStill } = state;
  switch (each.kind) {
    case "started":
      begin(state, each);
      break;
    case "ended":
    case "aborted":
      open.delete(each.run);
      break;
    case "asked":
      asked.set(`${each.process} ${each.port} ${each.port === "renew" ? each.subject : each.id}`, each.atMs);
      break;
    case "renewed":
      prolong(state, each);
      break;
    case "answered":
      for (const delivery of state.lost.get(each.crossing) ?? []) {
        for (const one of open.values()) {
          const { started } = one.run;
          if (started.process === each.process && one.run.delivery?.delivery === delivery)
            one.toldLost = each.choice;
        }
      }
      break;
    case "changed":
      for (const { run, lease } of open.values()) {
        if (lease === undefined || run.started.token !== each.token) continue;
        if (each.what === "extend" && each.answer === "ok")
          prolongTo(lease, each.atMs, each.atMs + leaseMs(state));
        else lease.untilMs = Infinity;
      }
      break;
    case "life":
      if (each.step === "paused") stoodStill.set(each.process, Infinity);
      if (each.step === "resumed") stoodStill.set(each.process, each.atMs);
      if (each.step === "crashed" || each.step === "stopping") state.dead.add(each.process);
      break;
    default:
  }
}

const leaseMs = ({ seen }: State): number => seen.schedule.swarm.leaseMs;

function begin(state: State, started: Of<"started">): void {
  const run = state.seen.runOf.get(started.run);
  if (run === undefined) return;
  const { delivery } = run;
  const untilMs = state.seen.history.findLast(
    (each): each is Of<"renewed"> =>
      each.kind === "renewed" && each.delivery === delivery?.delivery && each.choice <= started.choice,
  )?.untilMs;
  const lockedUntilMs = untilMs ?? delivery?.lockedUntilMs;
  const lock =
    lockedUntilMs === undefined ? undefined : { sinceMs: delivery?.atMs ?? 0, untilMs: lockedUntilMs };
  const claimed = state.seen.history.find(
    (each) => each.kind === "claimed" && each.answer === "acquired" && each.token === started.token,
  );
  const lease =
    claimed === undefined ? undefined : { sinceMs: claimed.atMs, untilMs: claimed.atMs + leaseMs(state) };
  state.open.set(started.run, { run, lock, lease, toldLost: undefined });
}

function prolong(state: State, { delivery, untilMs, told, crossing, atMs }: Of<"renewed">): void {
  if (told === "lost") state.lost.set(crossing, [...(state.lost.get(crossing) ?? []), delivery]);
  for (const { run, lock } of state.open.values()) {
    if (lock === undefined || run.delivery?.delivery !== delivery) continue;
    state.exercised = true;
    if (untilMs !== undefined) prolongTo(lock, atMs, untilMs);
  }
}

function prolongTo(kept: Kept, sinceMs: number, untilMs: number): void {
  kept.sinceMs = sinceMs;
  kept.untilMs = untilMs;
}

const keyOf = ({ source, id }: Of<"started">): string => `${source.length}:${source}${id.length}:${id}`;
