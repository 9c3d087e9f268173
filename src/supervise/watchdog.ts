import type { Runtime, TimerHandle } from "../runtime/runtime.js";
import type { ConsumerWatch } from "./consumer-watch.js";
import { EvidenceLog } from "./evidence-log.js";
import type { SupervisionTimes } from "./times.js";

/** Looks after all consumers of a service, by one timer. */
export class Watchdog {
  readonly watches: readonly ConsumerWatch[];
  readonly log: EvidenceLog;
  readonly #runtime: Runtime;
  readonly #times: SupervisionTimes;
  #timer: TimerHandle | undefined;

  constructor(watches: readonly ConsumerWatch[], runtime: Runtime, times: SupervisionTimes) {
    this.watches = watches;
    this.#runtime = runtime;
    this.#times = times;
    this.log = new EvidenceLog(() => runtime.now());
  }

  start(): void {
    if (this.watches.length > 0) this.#arm(this.#times.lookMs);
  }

  stop(): void {
    this.#timer?.cancel();
  }

  #arm(delayMs: number): void {
    const dueMs = this.#runtime.elapsed() + delayMs;
    this.#timer = this.#runtime.after(delayMs, () => {
      this.#noteLate(this.#runtime.elapsed() - dueMs);
      const againMs = this.watches.map((watch) => watch.tick());
      this.#arm(Math.max(this.#times.lookMs / shortest, Math.min(...againMs)));
    });
  }

  /** A timer that fires late says that the event loop was blocked, or that the process stood still. */
  #noteLate(lateMs: number): void {
    if (lateMs >= blockedMs) this.log.note(`the event loop was blocked for ${String(Math.round(lateMs))} ms`);
  }
}

/** Many consumers share a tick that way: at most so many of them between two looks. */
const shortest = 8;

/** How late a timer may be before that is told, in milliseconds. */
const blockedMs = 1_000;
