import type { Recorded } from "../history.js";
import { at, keyOf, type Check, type Of, type Seen, type SeenRun } from "./seen.js";

/**
 * I3, in the process: while a handler runs its lock and its lease are renewed in time, and when the process learns
 * that the lock is gone the handler learns it at once.
 */
export function locksKept(seen: Seen): Check {
  const state: State = {
    seen,
    open: new Map(),
    asked: new Map(),
    heard: new Map(),
    locks: new Map(),
    lanes: new Map(),
    leases: new Map(),
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
  /** When a process last asked, and how many of its questions are open, by what it asked for. */
  readonly asked: Map<string, Asked>;
  /** When a process heard of a message. */
  readonly heard: Map<string, number>;
  /** By delivery, and by token. */
  readonly locks: Map<number, Kept>;
  /** The locks of a session that one process holds: they are one, and renewed together. */
  readonly lanes: Map<string, Kept[]>;
  readonly leases: Map<number, Kept>;
  /** Until when a process last stood still; for ever if it still does. */
  readonly stoodStill: Map<string, number>;
  readonly dead: Set<string>;
  /** Deliveries whose loss an answer under way tells of, by its crossing. */
  readonly lost: Map<number, number[]>;
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
  /** All that are renewed with it, itself included. */
  together?: Kept[] | undefined;
}

interface Asked {
  lastMs: number;
  open: number;
}

function judge(state: State, each: Recorded): void {
  for (const open of state.open.values()) {
    if (open.toldLost === undefined && !lapses(open.lock, each) && !lapses(open.lease, each)) continue;
    const { process, channel, id, token } = open.run.started;
    if (state.dead.has(process)) continue;
    if (open.toldLost !== undefined && each.choice > open.toldLost) {
      state.findings.push(`${process} learnt that the lock of ${id} is gone and did not tell its handler`);
      open.toldLost = undefined;
    }
    if (lapses(open.lock, each) && ended(state, open, open.lock, each, `renew ${channel}`))
      state.findings.push(`${process} let the lock of ${channel} ${id} end while its handler ran`);
    if (
      lapses(open.lease, each) &&
      ended(state, open, open.lease, each, `store extend ${keyOf(open.run.started)}`)
    )
      state.findings.push(`${process} let the lease ${token ?? 0} of ${id} end while its handler ran`);
  }
}

const lapses = (kept: Kept | undefined, { atMs }: Recorded): kept is Kept =>
  kept !== undefined && atMs > kept.untilMs;

/** Whether something that lapses is something that its process did not ask to prolong in time, although it could. */
function ended(state: State, { run }: OpenRun, kept: Kept, each: Recorded, what: string): boolean {
  const { sinceMs } = kept;
  kept.untilMs = Infinity;
  const { process } = run.started;
  const { maxRunMs } = state.seen.schedule.swarm;
  if (run.aborted !== undefined && run.aborted.choice <= each.choice) return false;
  // What takes too long is renewed no longer.
  if (each.atMs - run.started.atMs >= maxRunMs || each.atMs - (run.delivery?.atMs ?? 0) >= maxRunMs)
    return false;
  if ((state.stoodStill.get(process) ?? -1) >= sinceMs) return false;
  const asked = state.asked.get(`${process} ${what}`);
  return asked === undefined || (asked.open === 0 && asked.lastMs < sinceMs);
}

function follow(state: State, each: Recorded): void {
  const { open, stoodStill } = state;
  switch (each.kind) {
    case "received":
      hold(state, each);
      break;
    case "said":
      if (each.event === "delivered")
        state.heard.set(`${each.process} ${each.channel} ${each.id}`, each.atMs);
      break;
    case "claimed":
      if (each.answer === "acquired")
        state.leases.set(each.token, { sinceMs: each.atMs, untilMs: each.atMs + each.leaseMs });
      break;
    case "started":
      begin(state, each);
      break;
    case "ended":
    case "aborted":
      open.delete(each.run);
      break;
    case "asked":
      ask(state, each);
      break;
    case "answered":
      answer(state, each);
      break;
    case "renewed":
      renew(state, each);
      break;
    case "changed":
      change(state, each);
      break;
    case "life":
      if (each.step === "paused") stoodStill.set(each.process, Infinity);
      if (each.step === "resumed") stoodStill.set(each.process, each.atMs);
      if (each.step === "crashed" || each.step === "stopping") state.dead.add(each.process);
      break;
    default:
  }
}

function hold(state: State, { atMs, process, channel, delivery, lane, lockedUntilMs }: Of<"received">): void {
  if (lockedUntilMs === undefined) return;
  const kept: Kept = { sinceMs: atMs, untilMs: lockedUntilMs, together: undefined };
  state.locks.set(delivery, kept);
  if (lane === undefined) return;
  kept.together = at(state.lanes, `${process} ${channel} ${lane}`, () => []);
  kept.together.push(kept);
}

const leaseMs = ({ seen }: State): number => seen.schedule.swarm.leaseMs;

/** How much of the end of a lock a clock that is off may hide. */
const mostSkewMs = 15_000;

function begin(state: State, started: Of<"started">): void {
  const run = state.seen.runOf.get(started.run);
  if (run === undefined) return;
  const lock = run.delivery === undefined ? undefined : state.locks.get(run.delivery.delivery);
  const heardMs = state.heard.get(`${started.process} ${started.channel} ${started.id}`) ?? 0;
  if (lock !== undefined) lock.sinceMs = Math.max(lock.sinceMs, heardMs);
  const keepable = lock !== undefined && lock.untilMs - lock.sinceMs > mostSkewMs;
  const lease = state.leases.get(started.token ?? 0);
  state.open.set(started.run, { run, lock: keepable ? lock : undefined, lease, toldLost: undefined });
}

const askedFor = ({ process, port, subject, id }: Of<"asked"> | Of<"answered">): string =>
  `${process} ${port} ${port === "renew" ? subject : id}`;

function ask(state: State, each: Of<"asked">): void {
  const asked = at(state.asked, askedFor(each), () => ({ lastMs: 0, open: 0 }));
  asked.lastMs = each.atMs;
  asked.open += 1;
}

function answer(state: State, each: Of<"answered">): void {
  const asked = state.asked.get(askedFor(each));
  if (asked !== undefined) asked.open -= 1;
  for (const delivery of state.lost.get(each.crossing) ?? []) {
    for (const one of state.open.values()) {
      const { started } = one.run;
      if (started.process === each.process && one.run.delivery?.delivery === delivery)
        one.toldLost = each.choice;
    }
  }
}

function renew(state: State, { delivery, untilMs, told, crossing, atMs }: Of<"renewed">): void {
  if (told === "lost") at(state.lost, crossing, () => []).push(delivery);
  const lock = state.locks.get(delivery);
  if (lock === undefined || untilMs === undefined) return;
  state.exercised = true;
  for (const kept of lock.together ?? [lock]) {
    // What had ended before stays so: this is another hold of the session.
    if (kept !== lock && (kept.untilMs < atMs || kept.untilMs === Infinity)) continue;
    kept.sinceMs = atMs;
    kept.untilMs = untilMs;
  }
}

function change(state: State, { token, what, answer, atMs }: Of<"changed">): void {
  const lease = state.leases.get(token);
  if (lease === undefined) return;
  const extended = what === "extend" && answer === "ok";
  lease.sinceMs = atMs;
  lease.untilMs = extended ? atMs + leaseMs(state) : Infinity;
}
