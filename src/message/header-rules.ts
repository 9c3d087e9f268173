import { WaybillError } from "../errors.js";
import type { HeaderValue } from "./envelope.js";

/** Names and values of headers and extensions. Every map of them that Waybill makes has no prototype. */
export type HeaderMap = Readonly<Record<string, HeaderValue>>;

/** Headers and extensions of one message, counted together. */
export const maxHeaders = 64;

/** Characters (UTF-16 units) of all names and values together; a number or a boolean counts 8. */
export const maxHeaderCharacters = 32 * 1024;

/** Characters of one name. */
export const maxHeaderNameLength = 128;

/** The map of a message that has none: shared, because a map without a prototype costs more than the message. */
export const noHeaders: HeaderMap = Object.freeze(emptyHeaders());

/** A map without a prototype, so that no name means anything. */
export function emptyHeaders(): Record<string, HeaderValue> {
  return Object.create(null) as Record<string, HeaderValue>;
}

/**
 * Refuses what a receiver could not read back as the same headers.
 *
 * @throws {WaybillError} `invalidMessage`, naming the header and never its value.
 */
export function checkHeaders(headers: HeaderMap, extensions: HeaderMap = noHeaders): void {
  for (const name in headers) {
    const problem = nameProblem(name) ?? valueProblem(headers[name]);
    if (problem !== undefined) refuse(`header ${JSON.stringify(name.slice(0, 64))} ${problem}`);
  }
  const problem = sizeProblem(headers, extensions);
  if (problem !== undefined) refuse(problem);
}

/** What is wrong with the number or the size of the headers and extensions of one message, if anything. */
export function sizeProblem(headers: HeaderMap, extensions: HeaderMap): string | undefined {
  if (headers === noHeaders && extensions === noHeaders) return undefined;
  let count = 0;
  let characters = 0;
  for (const map of [headers, extensions]) {
    for (const name in map) {
      const value = map[name];
      count += 1;
      characters += name.length + (typeof value === "string" ? value.length : 8);
    }
  }
  if (count > maxHeaders) return `more than ${String(maxHeaders)} headers and extensions`;
  if (characters > maxHeaderCharacters) {
    return `headers and extensions of more than ${String(maxHeaderCharacters)} characters`;
  }
  return undefined;
}

/** Whether a name may be kept on read: the others are dropped. */
export const isSafeName = (name: string): boolean =>
  name.length > 0 &&
  name.length <= maxHeaderNameLength &&
  name !== "__proto__" &&
  name !== "constructor" &&
  name !== "prototype";

/** Whether the wire uses the name itself, so that an application cannot. */
export const isReservedName = (name: string): boolean =>
  name.startsWith("wb") ||
  name.startsWith("cloudEvents_") ||
  name.startsWith("cloudEvents:") ||
  name.startsWith("DeadLetter") ||
  name === "traceparent" ||
  name === "tracestate" ||
  name === "Diagnostic-Id";

/** A value as headers carry it: dates as ISO text, whole bigints as numbers or digits; `undefined` for the rest. */
export function headerValue(value: unknown): HeaderValue | undefined {
  switch (typeof value) {
    case "string":
    case "boolean":
      return value;
    case "number":
      return Number.isFinite(value) ? value : undefined;
    case "bigint":
      return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
    default:
      return value instanceof Date && !Number.isNaN(value.getTime()) ? value.toISOString() : undefined;
  }
}

function nameProblem(name: string): string | undefined {
  if (!isSafeName(name)) {
    return `must have a name of 1 to ${String(maxHeaderNameLength)} characters that is not __proto__, constructor or prototype`;
  }
  if (!isReservedName(name)) return undefined;
  return "has a name that the wire format uses itself (wb…, cloudEvents_…, DeadLetter…, traceparent, tracestate, Diagnostic-Id): choose another";
}

function valueProblem(value: unknown): string | undefined {
  if (typeof value === "string" || typeof value === "boolean" || Number.isFinite(value)) return undefined;
  return "must be a string, a boolean or a finite number";
}

function refuse(problem: string): never {
  throw new WaybillError("invalidMessage", `cannot send: ${problem}`);
}
