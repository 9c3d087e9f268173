import type { PropertyValue } from "../message.js";
import { RuleError } from "./rule-error.js";

/** A value during evaluation; `undefined` is SQL's unknown. */
export type SqlValue = PropertyValue | undefined;

/** The truth of a predicate; `undefined` is SQL's unknown. */
export type Truth = boolean | undefined;

export type Comparison = "=" | "<>" | "<" | "<=" | ">" | ">=";
export type Arithmetic = "+" | "-" | "*" | "/" | "%";

/** Compares; unknown when an operand is unknown or null, or when the types have no such comparison. */
export function compare(operator: Comparison, left: SqlValue, right: SqlValue): Truth {
  if (left === undefined || left === null || right === undefined || right === null) return undefined;
  if (isNumeric(left) && isNumeric(right)) return order(operator, left, right);
  if (typeof left === "string" && typeof right === "string") return order(operator, left, right);
  if (left instanceof Date && right instanceof Date) return order(operator, left.getTime(), right.getTime());
  if (operator !== "=" && operator !== "<>") return undefined;
  if (!comparableForEquality(left, right)) return undefined;
  return sameValue(left, right) === (operator === "=");
}

/** Equality of two values: numbers by value across number and bigint, dates by time, bytes by content. */
export function sameValue(left: SqlValue, right: SqlValue): boolean {
  if (left === right) return true;
  if (left instanceof Date && right instanceof Date) return left.getTime() === right.getTime();
  if (left instanceof Uint8Array && right instanceof Uint8Array) return sameBytes(left, right);
  return isNumeric(left) && isNumeric(right) && order("=", left, right);
}

/**
 * Calculates as C# does: two int64 stay int64 (wrapping, and truncating in `/`), a double makes a double, and `+`
 * with a string joins texts. Unknown and null make unknown.
 *
 * @throws {RuleError} on division of integers by zero and on operands without such an operator.
 */
export function calculate(operator: Arithmetic, left: SqlValue, right: SqlValue): SqlValue {
  if (left === undefined || left === null || right === undefined || right === null) return undefined;
  if (operator === "+" && (typeof left === "string" || typeof right === "string")) {
    return joinTexts(toText(left), toText(right));
  }
  if (!isNumeric(left) || !isNumeric(right)) {
    throw new RuleError(`Operator '${operator}' cannot be applied to ${kindOf(left)} and ${kindOf(right)}.`);
  }
  if (typeof left === "bigint" && typeof right === "bigint") {
    return BigInt.asIntN(64, calculateIntegers(operator, left, right));
  }
  return calculateDoubles(operator, Number(left), Number(right));
}

/** Makes an int64 of a number that the client would have sent as one. */
export function promote(value: SqlValue): SqlValue {
  return typeof value === "number" && Number.isSafeInteger(value) ? BigInt(value) : value;
}

/** The inverse of {@link promote}: what an action stores. */
export function demote(value: SqlValue): SqlValue {
  if (typeof value !== "bigint") return value;
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

/** The text that C# would join or store. @throws {RuleError} for bytes, which have none. */
export function toText(value: Exclude<PropertyValue, null>): string {
  if (typeof value === "string") return value;
  if (typeof value === "boolean") return value ? "True" : "False";
  if (value instanceof Uint8Array) throw new RuleError("Bytes cannot be converted to text.");
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? "Invalid Date" : value.toISOString();
  return String(value);
}

// A property is at most 32 KB; without a bound, repeated SETs could double a text without end.
const maxTextLength = 32 * 1024;

function joinTexts(left: string, right: string): string {
  if (left.length + right.length > maxTextLength) {
    throw new RuleError(
      `A text longer than ${String(maxTextLength)} characters does not fit into a property.`,
    );
  }
  return left + right;
}

function calculateIntegers(operator: Arithmetic, left: bigint, right: bigint): bigint {
  switch (operator) {
    case "+":
      return left + right;
    case "-":
      return left - right;
    case "*":
      return left * right;
    case "/":
    case "%":
      if (right === 0n) throw new RuleError("Attempted to divide by zero.");
      return operator === "/" ? left / right : left % right;
  }
}

function calculateDoubles(operator: Arithmetic, left: number, right: number): number {
  switch (operator) {
    case "+":
      return left + right;
    case "-":
      return left - right;
    case "*":
      return left * right;
    case "/":
      return left / right;
    case "%":
      return left % right;
  }
}

function order<T extends number | bigint | string>(operator: Comparison, left: T, right: T): boolean {
  switch (operator) {
    case "=":
      // Unlike ===, the pair compares number with bigint by value, and holds for no NaN.
      return left <= right && left >= right;
    case "<>":
      return !order("=", left, right);
    case "<":
      return left < right;
    case "<=":
      return left <= right;
    case ">":
      return left > right;
    case ">=":
      return left >= right;
  }
}

function isNumeric(value: SqlValue): value is number | bigint {
  return typeof value === "number" || typeof value === "bigint";
}

function comparableForEquality(left: PropertyValue, right: PropertyValue): boolean {
  return (
    (typeof left === "boolean" && typeof right === "boolean") ||
    (left instanceof Uint8Array && right instanceof Uint8Array)
  );
}

function sameBytes(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && left.every((byte, index) => byte === right[index]);
}

function kindOf(value: Exclude<PropertyValue, null>): string {
  if (value instanceof Date) return "a date";
  if (value instanceof Uint8Array) return "bytes";
  return `a ${typeof value}`;
}
