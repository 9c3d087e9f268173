import { isWaybillError, WaybillError } from "../errors.js";
import { withoutSecrets } from "./redact.js";

/**
 * An error as it may be told to logs and callers: itself, if nothing in it (texts, properties, causes) spells a secret; else a
 * copy that has its name, its code, its words and its causes without them, and nothing else of it.
 *
 * What holds more than is looked at, such as the request and response of a client, is copied too. Getters are not called.
 */
export function tellable(error: WaybillError): WaybillError;
export function tellable<E>(error: E): E | Error;
export function tellable(error: unknown): unknown {
  if (isClean(error, { left: mostValues, seen: new Set() }, 0)) return error;
  return copyOf(error, 0);
}

/** Values that are looked at: an error of a client with its request has many more. */
const mostValues = 200;
const mostDepth = 6;

interface Look {
  left: number;
  readonly seen: Set<unknown>;
}

function isClean(value: unknown, look: Look, depth: number): boolean {
  if (typeof value === "string") return withoutSecrets(value) === value;
  if (typeof value !== "object" || value === null || look.seen.has(value)) return true;
  look.seen.add(value);
  if (ArrayBuffer.isView(value)) return true;
  if (depth > mostDepth) return false;
  for (const part of partsOf(value)) {
    look.left -= 1;
    if (look.left < 0 || !isClean(part, look, depth + 1)) return false;
  }
  return true;
}

/** Keys and values of its own, enumerable or not: `util.inspect` shows both of an error. */
function* partsOf(value: object): Iterable<unknown> {
  if (value instanceof Map) for (const entry of value) yield* entry as readonly unknown[];
  else if (value instanceof Set) yield* value;
  for (const key of Reflect.ownKeys(value)) {
    yield key;
    // A proxy may answer anything.
    yield Object.getOwnPropertyDescriptor(value, key)?.value;
  }
}

function copyOf(error: unknown, depth: number): Error {
  if (!(error instanceof Error)) return new Error(withoutSecrets(wordsOf(error)));
  const message = withoutSecrets(error.message);
  const cause = depth < mostDepth && error.cause !== undefined ? { cause: causeOf(error.cause, depth) } : {};
  const copy = isWaybillError(error)
    ? new WaybillError(error.code, message, {
        class: error.class,
        ...(error.retryAfterMs === undefined ? {} : { retryAfterMs: error.retryAfterMs }),
        ...cause,
      })
    : Object.assign(new Error(message, cause), { ...codesOf(error) });
  if (!isWaybillError(error)) hide(copy, "name", withoutSecrets(error.name));
  if (error.stack !== undefined) hide(copy, "stack", withoutSecrets(error.stack.slice(0, longestStack)));
  return copy;
}

const longestStack = 4_000;

function causeOf(cause: unknown, depth: number): unknown {
  if (typeof cause === "string") return withoutSecrets(cause);
  return typeof cause === "object" && cause !== null ? copyOf(cause, depth + 1) : cause;
}

/** What programs compare: never a sentence. */
function codesOf(error: Error): object {
  const kept: Record<string, unknown> = {};
  for (const key of ["code", "statusCode", "status", "condition"]) {
    const value: unknown = Object.getOwnPropertyDescriptor(error, key)?.value;
    if (typeof value === "number") kept[key] = value;
    else if (typeof value === "string") kept[key] = withoutSecrets(value).slice(0, 200);
  }
  return kept;
}

function wordsOf(thrown: unknown): string {
  try {
    return String(thrown);
  } catch {
    return "what was thrown cannot be told";
  }
}

/** As the platform has it: of an error's own properties these are not listed. */
function hide(error: Error, key: "name" | "stack", value: string): void {
  Object.defineProperty(error, key, { value, writable: true, configurable: true, enumerable: false });
}
