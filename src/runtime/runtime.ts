import { Activity } from "./activity.js";
import { clearInterval, clearTimeout, setImmediate, setInterval, setTimeout } from "node:timers";
import { randomUuid } from "./uuid.js";

/** A timer that has not fired yet. */
export interface TimerHandle {
  cancel(): void;
}

/** The asynchronous boundaries of the core: where a simulation decides what happens next. */
export type PortName =
  "open" | "send" | "receive" | "settle" | "renew" | "checkpoint" | "store" | "handler" | "hook" | "close";

/**
 * Time, timers, randomness and every asynchronous boundary of the core.
 *
 * Nothing else in `src/` touches the real ones, so a test or a simulation that gives its own runtime decides
 * all of them.
 */
export interface Runtime {
  /** Wall-clock time in milliseconds since the Unix epoch. */
  now(): number;
  /** Milliseconds on a clock that never goes back. */
  elapsed(): number;
  /** Calls `run` once, `delayMs` from now; a timer never keeps the process alive. Any delay from 0 up is taken. */
  after(delayMs: number, run: () => void): TimerHandle;
  /** Keeps the process alive until it is cancelled. */
  hold(): TimerHandle;
  /** Calls `run` in a later turn of the event loop, in the order of the calls. */
  defer(run: () => void): void;
  /** A number in [0, 1). The name says what it is for; a seeded runtime draws by it. */
  random(name: string): number;
  /** A new identifier: a version 4 UUID, or a seeded one. */
  uuid(name: string): string;
  /** Crosses an asynchronous boundary: calls `call` and gives its answer. */
  port<T>(port: PortName, subject: string, id: string, call: () => T): T;
  readonly activity: Activity;
}

/** The runtime of production: the process's own clock, timers and randomness. */
export function realRuntime(): Runtime {
  return {
    now: () => Date.now(),
    elapsed: () => performance.now(),
    after: realTimer,
    hold: () => {
      const timer = setInterval(() => undefined, longestTimerMs);
      return {
        cancel: () => {
          clearInterval(timer);
        },
      };
    },
    defer: (run) => void setImmediate(run),
    random: () => Math.random(),
    uuid: randomUuid,
    port: (_port, _subject, _id, call) => call(),
    activity: new Activity(),
  };
}

/** The longest delay that the platform's timers take; a longer one would fire at once. */
const longestTimerMs = 2 ** 31 - 1;

function realTimer(delayMs: number, run: () => void): TimerHandle {
  let left = delayMs;
  let timer = setTimeout(step, Math.min(left, longestTimerMs)).unref();
  function step(): void {
    left -= longestTimerMs;
    if (left <= 0) return run();
    timer = setTimeout(step, Math.min(left, longestTimerMs)).unref();
  }
  return { cancel: () => clearTimeout(timer) };
}
