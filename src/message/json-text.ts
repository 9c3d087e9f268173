import { isUtf8 } from "node:buffer";
import { WaybillError } from "../errors.js";
import { shapeOf } from "./json-shape.js";
import { jsonErrorPosition } from "./json-syntax.js";

/** Bounds of JSON that came from outside. */
export interface JsonLimits {
  /** Bytes of the whole text. Default 104 857 600, the largest message that any of the brokers takes. */
  readonly maxBytes?: number;
  /** Objects and arrays inside each other. Default 64. */
  readonly maxDepth?: number;
}

/** The default of {@link JsonLimits.maxDepth}. */
export const defaultMaxDepth = 64;

const defaultMaxBytes = 100 * 1024 * 1024;

/**
 * Parses JSON of unknown origin. Keys named `__proto__` are dropped; of duplicate keys the last one counts.
 *
 * @throws {WaybillError} `undecodable`, with the position and never with the text.
 */
export function parseJson(bytes: Uint8Array, limits: JsonLimits = {}): unknown {
  return parseText(limitedText(bytes, limits));
}

/**
 * The text of JSON that is neither too big nor too deep: refused before anything is built from it.
 *
 * @throws {WaybillError} `undecodable`
 */
export function limitedText(bytes: Uint8Array, limits: JsonLimits): string {
  const { maxBytes = defaultMaxBytes, maxDepth = defaultMaxDepth } = limits;
  if (bytes.length > maxBytes) {
    throw undecodable(`is ${String(bytes.length)} bytes of JSON, allowed are ${String(maxBytes)}`);
  }
  const text = jsonText(bytes);
  if (isDeeperThan(text, maxDepth)) throw undecodable(`is nested deeper than ${String(maxDepth)} levels`);
  return text;
}

/**
 * The text of UTF-8 bytes, without a byte order mark (.NET writers leave one).
 *
 * @throws {WaybillError} `undecodable` where the bytes are no UTF-8.
 */
export function jsonText(bytes: Uint8Array): string {
  const text = asBuffer(bytes).toString("utf8");
  // Bytes that are no UTF-8 decode to U+FFFD, which is rare enough in honest text to look twice.
  if (text.includes("\uFFFD") && !isUtf8(bytes)) throw undecodable("is not UTF-8 text");
  return text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
}

/** {@link parseJson} for text that is known to be within the limits. */
export function parseText(text: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // The engine's own message quotes the payload, so it is not kept as the cause.
    throw undecodable(`is not JSON: syntax error at character ${String(jsonErrorPosition(text))}`);
  }
  // A key can be spelled with \u escapes; every character of `__proto__` has one that begins with \u00.
  if (text.includes("__proto__") || text.includes("\\u00")) dropProto(value);
  return value;
}

/** Whether JSON opens more objects and arrays inside each other than `maxDepth`. One pass, no recursion. */
export function isDeeperThan(text: string, maxDepth: number): boolean {
  // Nearly every text opens so few that they need not be told from those inside strings.
  const few = maxDepth - occurrences(text, "{", maxDepth);
  return occurrences(text, "[", few) > few && shapeOf(text).depth > maxDepth;
}

/** How often `sought` is in the text; counted no further than one above `limit`. */
function occurrences(text: string, sought: string, limit: number): number {
  let count = 0;
  for (let at = text.indexOf(sought); at >= 0 && count <= limit; at = text.indexOf(sought, at + 1))
    count += 1;
  return count;
}

/** An own `__proto__` is harmless until somebody copies it with `target[key] = value`. */
function dropProto(root: unknown): void {
  const waiting: unknown[] = [root];
  while (waiting.length > 0) {
    const value = waiting.pop();
    if (typeof value !== "object" || value === null) continue;
    if (Object.hasOwn(value, "__proto__")) Reflect.deleteProperty(value, "__proto__");
    for (const member of Object.values(value)) waiting.push(member);
  }
}

const asBuffer = (bytes: Uint8Array): Buffer =>
  Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);

const undecodable = (problem: string): WaybillError =>
  new WaybillError("undecodable", `the message body ${problem}`);
