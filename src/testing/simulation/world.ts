import { draw } from "../../runtime/random.js";
import type { TimerHandle } from "../../runtime/runtime.js";
import { TimerHeap } from "../../runtime/timer-heap.js";
import { microtasksDone } from "../../runtime/turn.js";

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

interface Gate {
  readonly name: string;
  readonly actor: Actor;
  readonly run: () => void;
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
  /** One line per choice. */
  readonly trace: string[] = [];
  choices = 0;
  /** Told the number of each choice before it is made. */
  onChoice: ((choice: number) => void) | undefined;
  #nowMs: number;
  readonly #gates: Gate[] = [];
  readonly #timers = new TimerHeap();
  #tasks: Task[] = [];
  #held: Task[] = [];

  constructor(seed: string, startMs: number) {
    this.seed = seed;
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

  /** Something that is ready and happens when it is chosen. */
  gate(actor: Actor, name: string, run: () => void): void {
    let low = 0;
    let high = this.#gates.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#gates[middle]!.name <= name) low = middle + 1;
      else high = middle;
    }
    this.#gates.splice(low, 0, { name, actor, run });
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
  async run(limits: RunLimits): Promise<RunEnd> {
    for (;;) {
      await microtasksDone();
      if (this.#runTask()) continue;
      if (limits.until()) return "ended";
      if (this.choices >= limits.maxChoices) return "exhausted";
      this.choices += 1;
      this.onChoice?.(this.choices);
      if (!this.#choose(limits.timeShare)) return "idle";
    }
  }

  #runTask(): boolean {
    const task = this.#tasks.shift();
    if (task === undefined) return false;
    if (task.actor.paused) this.#held.push(task);
    else if (task.actor.alive) task.run();
    return true;
  }

  #choose(timeShare: number): boolean {
    const open = this.#open();
    const count = open.length;
    const passes = count === 0 || (timeShare > 0 && draw(this.seed, `time ${this.choices}`) < timeShare);
    if (passes && this.#passTime()) return true;
    if (count === 0) return false;
    const gate = open[Math.floor(draw(this.seed, `choice ${this.choices}`) * count)]!;
    this.#gates.splice(this.#gates.indexOf(gate), 1);
    this.trace.push(`${String(this.choices)} ${this.#clock()} ${gate.name}`);
    gate.run();
    return true;
  }

  /** What can be chosen now; forgets what belongs to the dead. */
  #open(): readonly Gate[] {
    if (this.#gates.every(({ actor }) => actor.alive && !actor.paused)) return this.#gates;
    const living = this.#gates.filter(({ actor }) => actor.alive);
    this.#gates.splice(0, this.#gates.length, ...living);
    return living.filter(({ actor }) => !actor.paused);
  }

  #passTime(): boolean {
    const timer = this.#timers.take(Infinity);
    if (timer === undefined) return false;
    this.#nowMs = Math.max(this.#nowMs, timer.dueMs);
    this.trace.push(`${String(this.choices)} ${this.#clock()} time`);
    timer.run();
    return true;
  }

  #clock(): string {
    return `+${((this.#nowMs - this.startMs) / 1000).toFixed(3)}s`;
  }
}
