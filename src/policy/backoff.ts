import { WaybillError } from "../errors.js";
import { durationMs, type Duration } from "../runtime/duration.js";

/**
 * How long to wait before a retry, in milliseconds. Retries count from 1; `draw` gives a number in [0, 1).
 *
 * Pure: the same number and draw give the same delay.
 */
export type Backoff = (retryNumber: number, draw: () => number) => number;

/** `"full"` spreads delays evenly from nothing to the computed one, so that failures do not come back together. */
export type Jitter = "full" | "none";

/** Options for {@link exponential}. */
export interface ExponentialOptions {
  /** The computed delay of the first retry. Above 0. Default `"10s"`. */
  readonly first?: Duration;
  /** What the computed delay grows by with each retry. At least 1. Default 2. */
  readonly factor?: number;
  /** What the computed delay never exceeds. At least `first`. Default `"2h"`. */
  readonly max?: Duration;
  /** What is added to every delay, outside jitter and `max`. Default `"0s"`. */
  readonly floor?: Duration;
  /** Default `"full"`. */
  readonly jitter?: Jitter;
}

/**
 * Waits `first`, then `factor` times longer before each further retry, up to `max`.
 *
 * With full jitter the delay is the floor plus a random part of that.
 * @throws {WaybillError} `invalidOption` on a value out of its bounds.
 */
export function exponential(options: ExponentialOptions = {}): Backoff {
  const { first = "10s", factor = 2, max = "2h", floor = "0s", jitter = "full" } = options;
  const firstMs = durationMs(first, "first");
  const maxMs = durationMs(max, "max");
  const floorMs = durationMs(floor, "floor");
  if (firstMs === 0) throw invalid(`first is "${first}"; give a delay above 0, or use fixed("0s")`);
  if (maxMs < firstMs) throw invalid(`max is "${max}", below first ("${first}"); raise max or lower first`);
  if (!(factor >= 1) || factor === Infinity) throw invalid(`factor is ${factor}; give a number from 1 up`);
  const spread = spreader(jitter);
  return (retryNumber, draw) =>
    floorMs + spread(Math.min(maxMs, firstMs * factor ** (ordinal(retryNumber) - 1)), draw);
}

/**
 * Waits the same time before every retry.
 * @throws {WaybillError} `invalidOption` unless it is a duration.
 */
export function fixed(delay: Duration): Backoff {
  const delayMs = Math.round(durationMs(delay, "delay"));
  return () => delayMs;
}

/** Options for {@link delays}. */
export interface DelaysOptions {
  /** Default `"none"`: the delays are taken as they stand. */
  readonly jitter?: Jitter;
}

/**
 * Waits the listed times in turn; retries past the end wait the last one.
 * @throws {WaybillError} `invalidOption` on an empty list, or one with something else than durations.
 */
export function delays(list: readonly Duration[], options: DelaysOptions = {}): Backoff {
  const listMs = list.map((delay, index) => durationMs(delay, `delays[${index}]`));
  const lastMs = listMs.at(-1);
  if (lastMs === undefined) throw invalid("delays is empty; give at least one delay");
  const spread = spreader(options.jitter ?? "none");
  return (retryNumber, draw) => spread(listMs[ordinal(retryNumber) - 1] ?? lastMs, draw);
}

/** What a consumer waits unless told otherwise: 10 s, 30 s, 2 min, 10 min, 30 min, then 2 h, with full jitter. */
export const defaultBackoff: Backoff = delays(["10s", "30s", "2m", "10m", "30m", "2h"], { jitter: "full" });

/**
 * Makes the wait that the remote side asked for the least one.
 *
 * The hint counts up to `maxHintMs` (default 15 minutes), so that a broken or hostile one cannot park a message for
 * years; a hint that is no number counts as none.
 */
export function withHint(delayMs: number, hintMs: number | undefined, maxHintMs = 15 * 60_000): number {
  if (hintMs === undefined || Number.isNaN(hintMs)) return delayMs;
  return Math.max(delayMs, Math.min(hintMs, maxHintMs));
}

/** Whole milliseconds, from 0 up to and including the delay. */
function spreader(jitter: Jitter): (delayMs: number, draw: () => number) => number {
  switch (jitter) {
    case "full":
      return (delayMs, draw) => Math.round(draw() * delayMs);
    case "none":
      return (delayMs) => Math.round(delayMs);
    default:
      throw invalid(`jitter is ${JSON.stringify(jitter)}; give "full" or "none"`);
  }
}

/** A count that comes out of a message header may be anything: what is no retry number counts as the first. */
const ordinal = (retryNumber: number): number => (retryNumber >= 1 ? Math.floor(retryNumber) : 1);

const invalid = (message: string): WaybillError => new WaybillError("invalidOption", message);
