import { WaybillError } from "../errors.js";

/**
 * Whether a text names a blob: `<yyyy-mm-dd>/<16 to 64 lower-case hexadecimal digits and dashes>`.
 *
 * So narrow, because names come in with messages: none leads out of a folder or a container, none is a URL, and none means
 * anything to a file system.
 */
export const isBlobName = (text: string): boolean =>
  /^\d{4}-\d{2}-\d{2}\/[0-9a-f][0-9a-f-]{15,63}$/.test(text);

/** For stores: gives a name back that may be used. @throws {WaybillError} `invalidOption` */
export function checkBlobName(name: string): string {
  if (isBlobName(name)) return name;
  throw new WaybillError(
    "invalidOption",
    `${JSON.stringify(name.slice(0, 100))} names no blob: a name is a day and an identifier, such as 2026-01-31/0f1e2d3c4b5a6978`,
  );
}

/** The day that a name begins with. */
export const dayOfBlob = (name: string): string => name.slice(0, 10);

/** The day of a time, UTC: names of one day, and of every later one, sort behind it. */
export const dayOf = (timeMs: number): string => new Date(timeMs).toISOString().slice(0, 10);

/** The last day that is over at `nowMs`, with a day for clocks that differ: blobs of this day and earlier ones may go. */
export const lastDayOver = (nowMs: number): string => dayOf(nowMs - 2 * dayMs);

const dayMs = 86_400_000;
