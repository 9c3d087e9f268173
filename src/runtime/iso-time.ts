/**
 * A time in milliseconds since the Unix epoch as RFC 3339 text.
 *
 * The last answer is kept: a burst of messages is of one millisecond, and spelling it costs more than sending one.
 */
export function isoTime(timeMs: number): string {
  if (timeMs === lastMs) return lastText;
  lastText = new Date(timeMs).toISOString();
  lastMs = timeMs;
  return lastText;
}

let lastMs = Number.NaN;
let lastText = "";
