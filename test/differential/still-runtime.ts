import { realRuntime, type Runtime, type TimerHandle } from "../../src/runtime/runtime.js";
import { TimerHeap } from "../../src/runtime/timer-heap.js";

/**
 * A clock that stands still until it is moved, for both sides: the broker in memory, and the adapter and the emulator with
 * sockets between them, which take the time they take without any of it passing.
 */
export class StillRuntime implements Runtime {
  readonly #real = realRuntime();
  readonly #startMs = this.#real.now();
  readonly #timers = new TimerHeap();
  readonly activity = this.#real.activity;
  #elapsedMs = 0;

  now(): number {
    return this.#startMs + this.#elapsedMs;
  }

  elapsed(): number {
    return this.#elapsedMs;
  }

  after(delayMs: number, run: () => void): TimerHandle {
    return this.#timers.add(this.#elapsedMs + Math.max(0, delayMs), run);
  }

  /** Moves on; every timer runs at its time, and what those of one time set off is over before time goes on. */
  async advance(ms: number, atRest: () => Promise<void>): Promise<void> {
    const untilMs = this.#elapsedMs + ms;
    for (let due = this.#timers.take(untilMs); due !== undefined; due = this.#timers.take(untilMs)) {
      this.#elapsedMs = Math.max(this.#elapsedMs, due.dueMs);
      due.run();
      for (
        let other = this.#timers.take(due.dueMs);
        other !== undefined;
        other = this.#timers.take(due.dueMs)
      ) {
        other.run();
      }
      await atRest();
    }
    this.#elapsedMs = untilMs;
  }

  hold(): TimerHandle {
    return { cancel: () => undefined };
  }

  defer(run: () => void): void {
    this.#real.defer(run);
  }

  random(name: string): number {
    return this.#real.random(name);
  }

  uuid(name: string): string {
    return this.#real.uuid(name);
  }

  port: Runtime["port"] = (_port, _subject, _id, call) => call();
}
