import type { TimerHandle } from "../../runtime/runtime.js";
import { TimerHeap } from "../../runtime/timer-heap.js";
import { turnByTurn } from "../../runtime/turn.js";
import { numbered } from "./dice.js";

/** Somebody whose steps the world schedules: a process, or the world itself. */
export interface Actor {
  readonly name: string;
  readonly alive: boolean;
  /** Frozen for a while: nothing of it happens, and what falls due meanwhile happens afterwards. */
  readonly paused: boolean;
}

/** How far {@link SimWorld.run} goes. */
export interface RunLimits {
  /** Asked before each choice. */
  readonly until: () => boolean;
  readonly maxChoices: number;
  /** How often time passes although something could be chosen: 0 lets it pass only when nothing can. */
  readonly timeShare: number;
}

/** `ended`: `until` said so. `idle`: nothing is left that could happen. `exhausted`: the choices are used up. */
export type RunEnd = "ended" | "idle" | "exhausted";

/** One choice, as it was made. */
export interface Step {
  readonly choice: number;
  /** Since the schedule began. */
  readonly passedMs: number;
  /** The gate that was chosen; nothing if time passed. */
  readonly name: GateName | undefined;
  readonly side: Side;
}

/**
 * What a gate is called: parts that are compared one by one, and made into one text only for who reads it.
 *
 * `nth` tells it from all others, and keeps those with one name in the order in which they came.
 */
export interface GateName {
  readonly actor: string;
  readonly what: string;
  readonly subject: string;
  readonly id: string;
  readonly nth: number;
}

/** Where a gate stands: before an effect, before its answer, or by itself. */
export type Side = ">" | "<" | "";

/** Something that waits for a choice. */
export interface Gate {
  readonly actor: Actor;
  readonly name: GateName;
  readonly side: Side;
  run(): void;
}

/** Whether a gate is sorted behind another. */
function isAfter(left: GateName, right: GateName): boolean {
  if (left.actor !== right.actor) return left.actor > right.actor;
  if (left.what !== right.what) return left.what > right.what;
  if (left.subject !== right.subject) return left.subject > right.subject;
  return left.id === right.id ? left.nth > right.nth : left.id > right.id;
}

interface Task {
  readonly actor: Actor;
  readonly run: () => void;
}

/**
 * The scheduler of a simulation: virtual time, and one seeded choice after the other of what happens next.
 *
 * Everything that waits is a gate with a name. Gates are sorted by name before a choice, so that the schedule of a
 * seed depends neither on how many awaits lead to a gate nor on the engine.
 */
export class SimWorld {
  readonly seed: string;
  readonly startMs: number;
  /** Every choice. Its lines are made when somebody wants to read them: most schedules nobody does. */
  readonly steps: Step[] = [];
  choices = 0;
  /** Told the number of each choice before it is made. */
  onChoice: ((choice: number) => void) | undefined;
  #nowMs: number;
  readonly #gates: Gate[] = [];
  #lastGate = 0;
  readonly #timers = new TimerHeap();
  #tasks: Task[] = [];
  #held: Task[] = [];
  readonly #timeDraws: (nth: number) => number;
  readonly #choiceDraws: (nth: number) => number;

  constructor(seed: string, startMs: number) {
    this.seed = seed;
    this.#timeDraws = numbered(seed, "time");
    this.#choiceDraws = numbered(seed, "choice");
    this.startMs = startMs;
    this.#nowMs = startMs;
  }

  get nowMs(): number {
    return this.#nowMs;
  }

  /** Whether nothing waits for a choice. */
  get quiet(): boolean {
    return this.#gates.length === 0 && this.#tasks.length === 0 && this.#held.length === 0;
  }

  /** Tells a gate from all others of the schedule. */
  nextGate(): number {
    return (this.#lastGate += 1);
  }

  /** Something that is ready and happens when it is chosen. */
  gate(gate: Gate): void {
    const gates = this.#gates;
    let [from, to] = [0, gates.length];
    while (from < to) {
      const middle = (from + to) >> 1;
      if (isAfter(gates[middle]!.name, gate.name)) to = middle;
      else from = middle + 1;
    }
    gates.push(gate);
    for (let at = gates.length - 1; at > from; at -= 1) gates[at] = gates[at - 1]!;
    gates[from] = gate;
  }

  /** Something that happens next, in the order of the calls. */
  defer(actor: Actor, run: () => void): void {
    this.#tasks.push({ actor, run });
  }

  after(actor: Actor, delayMs: number, run: () => void): TimerHandle {
    let cancelled = false;
    const due = (): void => {
      if (!cancelled) run();
    };
    const timer = this.#timers.add(this.#nowMs + Math.ceil(Math.max(0, delayMs)), () => {
      if (actor.paused) this.#held.push({ actor, run: due });
      else if (actor.alive) run();
    });
    return {
      cancel: () => {
        cancelled = true;
        timer.cancel();
      },
    };
  }

  /** Hands over what a process that goes on again has missed. */
  release(): void {
    const held = this.#held;
    this.#held = [];
    this.#tasks.push(...held);
  }

  /** Chooses until there is an end. */
  run(limits: RunLimits): Promise<RunEnd> {
    return new Promise((resolve, reject) => {
      turnByTurn(() => {
        try {
          const end = this.#step(limits);
          if (end !== undefined) resolve(end);
          return end === undefined;
        } catch (error) {
          reject(error instanceof Error ? error : new Error(String(error)));
          return false;
        }
      });
    });
  }

  /** Runs what is deferred, or makes one choice. */
  #step(limits: RunLimits): RunEnd | undefined {
    if (this.#runTask()) return undefined;
    if (limits.until()) return "ended";
    if (this.choices >= limits.maxChoices) return "exhausted";
    this.choices += 1;
    this.onChoice?.(this.choices);
    return this.#choose(limits.timeShare) ? undefined : "idle";
  }

  #runTask(): boolean {
    const task = this.#tasks.shift();
    if (task === undefined) return false;
    if (task.actor.paused) this.#held.push(task);
    else if (task.actor.alive) task.run();
    return true;
  }

  #choose(timeShare: number): boolean {
    const count = this.#waiting();
    const passes = count === 0 || (timeShare > 0 && this.#timeDraws(this.choices) < timeShare);
    if (passes && this.#passTime()) return true;
    if (count === 0) return false;
    const nth = Math.floor(this.#choiceDraws(this.choices) * count);
    const gate = this.#take(count === this.#gates.length ? nth : this.#placeOf(nth));
    this.#note(gate.name, gate.side);
    gate.run();
    return true;
  }

  /** How many gates can be chosen now. Forgets what belongs to the dead. */
  #waiting(): number {
    const gates = this.#gates;
    let kept = 0;
    let count = 0;
    for (let at = 0; at < gates.length; at += 1) {
      const gate = gates[at]!;
      if (!gate.actor.alive) continue;
      if (kept < at) gates[kept] = gate;
      kept += 1;
      if (!gate.actor.paused) count += 1;
    }
    if (kept < gates.length) gates.length = kept;
    return count;
  }

  /** Where the nth of those is that can be chosen. */
  #placeOf(nth: number): number {
    let left = nth;
    return this.#gates.findIndex(({ actor }) => !actor.paused && (left -= 1) < 0);
  }

  #take(at: number): Gate {
    const gates = this.#gates;
    const gate = gates[at]!;
    for (let next = at + 1; next < gates.length; next += 1) gates[next - 1] = gates[next]!;
    gates.pop();
    return gate;
  }

  #passTime(): boolean {
    const timer = this.#timers.take(Infinity);
    if (timer === undefined) return false;
    this.#nowMs = Math.max(this.#nowMs, timer.dueMs);
    this.#note(undefined, "");
    timer.run();
    return true;
  }

  /** Of a gate only its name is kept: what it would run holds half of the schedule. */
  #note(name: GateName | undefined, side: Side): void {
    this.steps.push({ choice: this.choices, passedMs: this.#nowMs - this.startMs, name, side });
  }
}
