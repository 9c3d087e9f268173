import { isDeepStrictEqual, inspect } from "node:util";
import { isWaybillError, type ErrorClass, type ErrorCode, type WaybillError } from "../../errors.js";

/** What an adapter or a store did otherwise than its contract says. */
export class ConformanceFailure extends Error {
  override readonly name = "ConformanceFailure";
}

/** @throws {ConformanceFailure} unless it holds; `what` is the sentence that should be true. */
export function check(holds: boolean, what: string): asserts holds {
  if (!holds) throw new ConformanceFailure(`not so: ${what}`);
}

/** @throws {ConformanceFailure} unless both are deeply equal. */
export function same(actual: unknown, expected: unknown, what: string): void {
  if (isDeepStrictEqual(actual, expected)) return;
  throw new ConformanceFailure(`${what}: got ${shown(actual)}, expected ${shown(expected)}`);
}

/** As {@link same}, whatever the order. */
export function sameSet(actual: readonly unknown[], expected: readonly unknown[], what: string): void {
  const sorted = (values: readonly unknown[]): readonly string[] =>
    values.map((value) => String(value)).sort();
  same(sorted(actual), sorted(expected), what);
}

/** Gives the value. @throws {ConformanceFailure} if there is none. */
export function present<T>(value: T | undefined, what: string): T {
  check(value !== undefined, what);
  return value;
}

/** Which errors are the right ones. */
export interface Expected {
  readonly codes?: readonly ErrorCode[];
  readonly class?: ErrorClass;
}

/** @throws {ConformanceFailure} unless the error is one of ours and of the expected kind. */
export function typed(error: unknown, expected: Expected, what: string): WaybillError {
  check(isWaybillError(error), `${what} is refused with a typed error (got ${shown(error)})`);
  const { codes } = expected;
  if (codes !== undefined)
    check(codes.includes(error.code), `${what} is refused as ${codes.join(" or ")} (got ${error.code})`);
  if (expected.class !== undefined)
    check(error.class === expected.class, `${what} has class ${expected.class} (got ${error.class})`);
  return error;
}

/** Expects a call to throw or reject. @throws {ConformanceFailure} if it does not, or otherwise than expected. */
export async function refused(call: () => unknown, expected: Expected, what: string): Promise<WaybillError> {
  try {
    await call();
  } catch (error) {
    return typed(error, expected, what);
  }
  throw new ConformanceFailure(`not so: ${what} is refused (it was accepted)`);
}

const shown = (value: unknown): string =>
  inspect(value, { depth: 4, maxArrayLength: 20, breakLength: Infinity });
