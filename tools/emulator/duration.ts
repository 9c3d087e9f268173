const units: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/**
 * Milliseconds of a duration such as `"10m"`, `"1.5s"` or `"250ms"`; a number is milliseconds already.
 * @throws {RangeError} for anything else
 */
export function parseDurationMs(duration: string | number): number {
  if (typeof duration === "number") {
    if (Number.isFinite(duration) && duration >= 0) return duration;
  } else {
    const [, count, unit = ""] = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(duration) ?? [];
    const unitMs = units[unit];
    if (count !== undefined && unitMs !== undefined) return Number(count) * unitMs;
  }
  throw new RangeError(
    `${JSON.stringify(duration)} is no duration: give milliseconds as a number, or a text such as "250ms", "30s", "10m", "2h" or "1d"`,
  );
}
