import { BrokerError } from "../broker-error.js";
import { isJsonArray, type JsonValue } from "./json.js";

/** One advanced filter: an operator on the value under `key` (`subject`, `data.colour`, `data.size.width`). */
export type AdvancedFilter =
  | { readonly operatorType: NumberSetOperator; readonly key: string; readonly values: readonly number[] }
  | { readonly operatorType: NumberOperator; readonly key: string; readonly value: number }
  | { readonly operatorType: RangeOperator; readonly key: string; readonly values: readonly NumberRange[] }
  | { readonly operatorType: "BoolEquals"; readonly key: string; readonly value: boolean }
  | { readonly operatorType: StringOperator; readonly key: string; readonly values: readonly string[] }
  | { readonly operatorType: NullOperator; readonly key: string };

/** Both ends belong to the range. */
export type NumberRange = readonly [from: number, to: number];

export type NumberSetOperator = "NumberIn" | "NumberNotIn";
export type NumberOperator =
  "NumberLessThan" | "NumberGreaterThan" | "NumberLessThanOrEquals" | "NumberGreaterThanOrEquals";
export type RangeOperator = "NumberInRange" | "NumberNotInRange";
export type StringOperator =
  | "StringContains"
  | "StringNotContains"
  | "StringBeginsWith"
  | "StringNotBeginsWith"
  | "StringEndsWith"
  | "StringNotEndsWith"
  | "StringIn"
  | "StringNotIn";
export type NullOperator = "IsNullOrUndefined" | "IsNotNull";

/**
 * Compiles one operator into a test of the value under its key.
 *
 * A value of another type than the operator's counts as missing, and a missing one matches `NumberNotIn`,
 * `StringNotIn` and `IsNullOrUndefined` alone. In an array any element may match; for a `Not` operator none may.
 * @throws {BrokerError} `badRequest` for an unknown operator or a value of the wrong type or length.
 */
export function compileAdvanced(
  filter: AdvancedFilter,
  arrays: boolean,
): (value: JsonValue | undefined) => boolean {
  switch (filter.operatorType) {
    case "IsNullOrUndefined":
      return (value) => value === undefined || value === null;
    case "IsNotNull":
      return (value) => value !== undefined && value !== null;
    default:
      return compileComparison(filter, arrays);
  }
}

/** The values that a filter counts against the limit of its subscription. */
export function advancedValues(filter: AdvancedFilter): readonly unknown[] {
  if ("values" in filter) return Array.isArray(filter.values) ? filter.values : [filter.values];
  return "value" in filter ? [filter.value] : [];
}

type Comparison = Exclude<AdvancedFilter, { readonly operatorType: NullOperator }>;

function compileComparison(filter: Comparison, arrays: boolean): (value: JsonValue | undefined) => boolean {
  const matchesOne = scalarTest(filter);
  const negative = filter.operatorType.includes("Not");
  const whenMissing = filter.operatorType === "NumberNotIn" || filter.operatorType === "StringNotIn";
  return (value) => {
    if (arrays && isJsonArray(value))
      return value.some((element) => matchesOne(element) === true) !== negative;
    const matched = value === undefined ? undefined : matchesOne(value);
    return matched === undefined ? whenMissing : matched !== negative;
  };
}

/** Tells whether the operator without its `Not` holds; undefined for a value of another type. */
function scalarTest(filter: Comparison): (value: JsonValue) => boolean | undefined {
  switch (filter.operatorType) {
    case "BoolEquals": {
      const wanted = one(filter, isBoolean);
      return (value) => (typeof value === "boolean" ? value === wanted : undefined);
    }
    case "NumberIn":
    case "NumberNotIn": {
      const wanted = new Set(many(filter, isNumber));
      return (value) => (typeof value === "number" ? wanted.has(value) : undefined);
    }
    case "NumberInRange":
    case "NumberNotInRange": {
      const ranges = many(filter, isRange);
      return (value) =>
        typeof value === "number" ? ranges.some(([from, to]) => value >= from && value <= to) : undefined;
    }
    case "NumberLessThan":
    case "NumberGreaterThan":
    case "NumberLessThanOrEquals":
    case "NumberGreaterThanOrEquals": {
      const compare = numberComparisons[filter.operatorType];
      const bound = one(filter, isNumber);
      return (value) => (typeof value === "number" ? compare(value, bound) : undefined);
    }
    default: {
      const matches = stringTest(filter.operatorType, many(filter, isShortText));
      return (value) => (typeof value === "string" ? matches(value.toLowerCase()) : undefined);
    }
  }
}

const numberComparisons: Readonly<Record<NumberOperator, (value: number, bound: number) => boolean>> = {
  NumberLessThan: (value, bound) => value < bound,
  NumberGreaterThan: (value, bound) => value > bound,
  NumberLessThanOrEquals: (value, bound) => value <= bound,
  NumberGreaterThanOrEquals: (value, bound) => value >= bound,
};

/** Strings compare without case: the caller lower-cases the value, this function the wanted ones. */
function stringTest(operator: StringOperator, values: readonly string[]): (value: string) => boolean {
  const wanted = values.map((value) => value.toLowerCase());
  switch (operator) {
    case "StringContains":
    case "StringNotContains":
      return (value) => wanted.some((part) => value.includes(part));
    case "StringBeginsWith":
    case "StringNotBeginsWith":
      return (value) => wanted.some((part) => value.startsWith(part));
    case "StringEndsWith":
    case "StringNotEndsWith":
      return (value) => wanted.some((part) => value.endsWith(part));
    case "StringIn":
    case "StringNotIn": {
      const set = new Set(wanted);
      return (value) => set.has(value);
    }
    default:
      throw new BrokerError(
        "badRequest",
        `${String(operator)} is no filter operator: see the operatorType values.`,
      );
  }
}

const maxTextLength = 512;

function isBoolean(value: unknown): value is boolean {
  return typeof value === "boolean";
}

function isNumber(value: unknown): value is number {
  return typeof value === "number";
}

function isRange(value: unknown): value is NumberRange {
  return Array.isArray(value) && value.length === 2 && value.every(isNumber);
}

function isShortText(value: unknown): value is string {
  return typeof value === "string" && value.length <= maxTextLength;
}

function one<T>(filter: AdvancedFilter, isValid: (value: unknown) => value is T): T {
  return checked(filter, "value" in filter ? filter.value : undefined, isValid);
}

function many<T>(filter: AdvancedFilter, isValid: (value: unknown) => value is T): readonly T[] {
  const values = "values" in filter ? advancedValues(filter) : [];
  if (values.length === 0)
    throw new BrokerError("badRequest", `${filter.operatorType} on "${filter.key}" needs values.`);
  return values.map((value) => checked(filter, value, isValid));
}

function checked<T>(filter: AdvancedFilter, value: unknown, isValid: (value: unknown) => value is T): T {
  if (isValid(value)) return value;
  throw new BrokerError(
    "badRequest",
    `${filter.operatorType} on "${filter.key}" got a value of the wrong type, or a text over ${maxTextLength} characters.`,
  );
}
