import { WaybillError } from "../errors.js";
import { durationMs, type Duration } from "../runtime/duration.js";

/**
 * Reads a duration as milliseconds.
 * @throws {WaybillError} `invalidOption`, naming `option`, if it is none or out of bounds.
 */
export function durationWithin(duration: Duration, least: Duration, most: Duration, option: string): number {
  const ms = durationMs(duration, option);
  if (ms >= durationMs(least, option) && ms <= durationMs(most, option)) return ms;
  throw new WaybillError("invalidOption", `${option} is "${duration}"; give "${least}" to "${most}"`);
}

/**
 * Passes a count through.
 * @throws {WaybillError} `invalidOption`, naming `option`, if it is no whole number or out of bounds.
 */
export function wholeNumberWithin(count: number, least: number, most: number, option: string): number {
  if (Number.isInteger(count) && count >= least && count <= most) return count;
  throw new WaybillError(
    "invalidOption",
    `${option} is ${String(count)}; give a whole number from ${String(least)} to ${String(most)}`,
  );
}
