import { WaybillError, type Runtime, type TimerHandle } from "../../src/transport/index.js";

/** An engine with a time of its own, which only this clock moves. */
interface Engine {
  advanceTo(nowMs: number): void;
  /** When it has something to do next. May be early, never late. */
  nextDueMs(): number | undefined;
}

/** The engines of one broker. */
export interface Engines {
  readonly broker: Engine;
  readonly notifier: Engine;
  readonly streams: Engine;
}

/**
 * Moves a broker's time by the clocks of those who are connected.
 *
 * Every call at the broker's door begins with {@link Clock.catchUp}; what falls due between two calls is done by one
 * timer, armed for the earliest of all deadlines. Without a connection no time passes.
 */
export class Clock {
  readonly #engines: Engines;
  /** One entry per open connection; the last one keeps the timer. */
  readonly #runtimes: Runtime[] = [];
  #nowMs = 0;
  #timer: TimerHandle | undefined;
  #dueMs = Infinity;

  constructor(engines: Engines) {
    this.#engines = engines;
  }

  /** The broker's present. */
  get nowMs(): number {
    return this.#nowMs;
  }

  /**
   * Takes part in the broker's time. Returns what ends that.
   * @throws {WaybillError} `invalidOption` for a runtime with another time than the broker's.
   */
  join(runtime: Runtime): () => void {
    this.#refuseOtherTime(runtime);
    this.#runtimes.push(runtime);
    this.catchUp();
    this.#rearm();
    let joined = true;
    return () => {
      if (!joined) return;
      joined = false;
      this.#runtimes.splice(this.#runtimes.lastIndexOf(runtime), 1);
      this.#rearm();
    };
  }

  /** Brings the engines to the present. */
  catchUp(): void {
    const nowMs = this.#runtimes.at(-1)?.now() ?? this.#nowMs;
    if (nowMs <= this.#nowMs) return;
    this.#nowMs = nowMs;
    this.#engines.broker.advanceTo(nowMs);
    this.#engines.notifier.advanceTo(nowMs);
    this.#engines.streams.advanceTo(nowMs);
  }

  /** Sees to it that what falls due next is done then. To be called after whatever may have set an earlier deadline. */
  arm(): void {
    const dueMs = Math.min(
      this.#engines.broker.nextDueMs() ?? Infinity,
      this.#engines.notifier.nextDueMs() ?? Infinity,
      // Not the streams: only memory waits for them there, and the next call of anybody gives it back.
    );
    const runtime = this.#runtimes.at(-1);
    if (dueMs >= this.#dueMs || runtime === undefined) return;
    this.#timer?.cancel();
    this.#dueMs = dueMs;
    // From the runtime's now: the engines may be behind it, and the timer would be late by as much.
    this.#timer = runtime.after(Math.max(0, dueMs - runtime.now()), () => {
      this.#dueMs = Infinity;
      this.catchUp();
      this.arm();
    });
  }

  /** Moves the timer to the runtime that keeps it now: that of a process which ended would never call. */
  #rearm(): void {
    this.#timer?.cancel();
    this.#dueMs = Infinity;
    this.arm();
  }

  #refuseOtherTime(runtime: Runtime): void {
    const current = this.#runtimes.at(-1);
    const aheadMs = runtime.now() - (current?.now() ?? this.#nowMs);
    if (aheadMs >= -toleranceMs && (current === undefined || aheadMs <= toleranceMs)) return;
    throw new WaybillError(
      "invalidOption",
      `cannot connect: the runtime's clock is ${String(Math.abs(aheadMs))} ms ${aheadMs < 0 ? "behind" : "ahead of"} ` +
        "that of the in-memory broker; use one runtime for all services of a broker, or a broker for each",
    );
  }
}

/** Real clocks are set now and then. */
const toleranceMs = 60_000;
