import { WaybillError } from "../errors.js";

type Unit = "ms" | "s" | "m" | "h" | "d";

/** A length of time with its unit: `"500ms"`, `"30s"`, `"10m"`, `"2h"`, `"7d"`. Fractions are allowed (`"1.5s"`). */
export type Duration = `${number}${Unit}`;

/**
 * Reads a duration as milliseconds.
 * @throws {WaybillError} `invalidOption` unless it is a number from 0 up with a unit; `option` names the culprit.
 */
export function durationMs(duration: Duration, option: string): number {
  const match = /^(\d{1,15}(?:\.\d{1,6})?)(ms|s|m|h|d)$/.exec(duration);
  if (!match) {
    throw new WaybillError(
      "invalidOption",
      `${option} is ${JSON.stringify(duration)}; give a number and a unit, such as "500ms", "30s", "10m", "2h" or "7d"`,
    );
  }
  return Number(match[1]) * millisecondsOf[match[2] as Unit];
}

const millisecondsOf: Record<Unit, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
