/** A duration without end, as .NET writes its longest one. */
export const endlessDuration = "P10675199DT2H48M5.4775807S";

const secondMs = 1_000;
const minuteMs = 60 * secondMs;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;
const endlessMs = 10_675_199 * dayMs;

const pattern =
  /^P(?:(\d{1,8})Y)?(?:(\d{1,8})M)?(?:(\d{1,8})D)?(?:T(?:(\d{1,9})H)?(?:(\d{1,9})M)?(?:(\d{1,12}(?:\.\d{1,9})?)S)?)?$/;

/**
 * Milliseconds of an ISO 8601 duration, `Infinity` for the longest one, `undefined` for a text that is none.
 * A year counts 365 days and a month 30, as in .NET.
 */
export function parseDuration(text: string): number | undefined {
  const parts = pattern.exec(text);
  if (parts === null || !/\d[A-Z]/.test(text) || text.endsWith("T")) return undefined;
  const units = [365 * dayMs, 30 * dayMs, dayMs, hourMs, minuteMs, secondMs];
  const ms = units.reduce((sum, unit, index) => sum + Number(parts[index + 1] ?? 0) * unit, 0);
  return ms >= endlessMs ? Infinity : Math.round(ms);
}

/** The ISO 8601 duration of so many milliseconds, in days, hours, minutes and seconds. */
export function formatDuration(ms: number): string {
  if (ms >= endlessMs) return endlessDuration;
  const days = Math.floor(ms / dayMs);
  const hours = Math.floor((ms % dayMs) / hourMs);
  const minutes = Math.floor((ms % hourMs) / minuteMs);
  const seconds = (ms % minuteMs) / secondMs;
  const time = `${part(hours, "H")}${part(minutes, "M")}${part(seconds, "S")}`;
  const date = part(days, "D");
  if (date === "" && time === "") return "PT0S";
  return `P${date}${time === "" ? "" : `T${time}`}`;
}

const part = (count: number, unit: string): string => (count === 0 ? "" : `${String(count)}${unit}`);
