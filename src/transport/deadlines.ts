import { Roster, type Member } from "../runtime/roster.js";
import type { Runtime, TimerHandle } from "../runtime/runtime.js";

/** Something that must have ended by a time. */
export abstract class Limited implements Member<Limited> {
  /** By the monotonic clock. */
  dueMs = 0;
  before: Limited | undefined;
  after: Limited | undefined;
  present = false;

  /** It has not ended in time. */
  abstract expire(): void;
}

/**
 * Things that all have the same time, from when they begin: the first to begin is the first to be late, so one timer does for
 * all of them, however many begin and end.
 */
export class Deadlines {
  readonly #runtime: Runtime;
  readonly #limitMs: number;
  readonly #open = new Roster<Limited>();
  #timer: TimerHandle | undefined;

  constructor(runtime: Runtime, limitMs: number) {
    this.#runtime = runtime;
    this.#limitMs = limitMs;
  }

  begin(limited: Limited): void {
    limited.dueMs = this.#runtime.elapsed() + this.#limitMs;
    this.#open.add(limited);
    this.#timer ??= this.#runtime.after(this.#limitMs, () => this.#check());
  }

  /** Answers whether it was in time. */
  end(limited: Limited): boolean {
    if (!this.#open.remove(limited)) return false;
    if (this.#open.size === 0) {
      this.#timer?.cancel();
      this.#timer = undefined;
    }
    return true;
  }

  #check(): void {
    this.#timer = undefined;
    const nowMs = this.#runtime.elapsed();
    for (let first = this.#open.first; first !== undefined; first = this.#open.first) {
      // The platform's timers fire up to a millisecond early.
      const leftMs = first.dueMs - nowMs;
      if (leftMs >= 1) {
        this.#timer = this.#runtime.after(leftMs, () => this.#check());
        return;
      }
      this.#open.remove(first);
      first.expire();
    }
  }
}
