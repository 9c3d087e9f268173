import { BrokerError } from "../broker-error.js";
import { advancedValues, compileAdvanced, type AdvancedFilter } from "./filter-operators.js";
import { isJsonObject, member, textMember, type JsonObject, type JsonValue } from "./json.js";

/** Which events a subscription wants. Everything given must match; nothing given matches every event. */
export interface FilterDescription {
  /** Event types, compared without case. Empty or absent: every type. */
  readonly includedEventTypes?: readonly string[];
  readonly subjectBeginsWith?: string;
  readonly subjectEndsWith?: string;
  /** Whether the two subject filters compare case. Default false. */
  readonly isSubjectCaseSensitive?: boolean;
  /** At most 25, with at most 25 values among them. All must match; within one, any value. */
  readonly advancedFilters?: readonly AdvancedFilter[];
  /** Whether an advanced filter looks into a key that holds an array. Default false: such a key counts as missing. */
  readonly enableAdvancedFilteringOnArrays?: boolean;
}

/** A compiled filter: pure, linear in the size of the event's own values. */
export type EventFilter = (event: JsonObject) => boolean;

/**
 * Compiles a filter once, so that publishing only evaluates it.
 *
 * Source: event-filtering.md (operators, limits, missing keys).
 * @throws {BrokerError} `badRequest` if the filter breaks a limit or names an unknown operator.
 */
export function compileFilter(
  description: FilterDescription,
  schema: "cloudEvents" | "eventGrid",
): EventFilter {
  checkShape(description);
  const tests: EventFilter[] = [
    ...typeTest(description.includedEventTypes ?? [], schema === "cloudEvents" ? "type" : "eventType"),
    ...subjectTests(description),
    ...advancedTests(description, schema),
  ];
  return (event) => tests.every((test) => test(event));
}

/** Descriptions come out of files and management calls too, where no compiler has looked at them. */
function checkShape(description: unknown): void {
  const isFine =
    isRecord(description) &&
    isListOf(isText, description["includedEventTypes"]) &&
    isText(description["subjectBeginsWith"] ?? "") &&
    isText(description["subjectEndsWith"] ?? "") &&
    isListOf((filter) => isRecord(filter) && isText(filter["operatorType"]), description["advancedFilters"]);
  if (isFine) return;
  throw new BrokerError(
    "badRequest",
    "A filter has texts as includedEventTypes, subjectBeginsWith and subjectEndsWith, and objects with an operatorType as advancedFilters.",
  );
}

const isText = (value: unknown): value is string => typeof value === "string";

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const isListOf = (isOne: (value: unknown) => boolean, list: unknown): boolean =>
  (list ?? undefined) === undefined || (Array.isArray(list) && list.every(isOne));

function typeTest(types: readonly string[], attribute: string): readonly EventFilter[] {
  if (types.length === 0) return [];
  const wanted = new Set(types.map((type) => type.toLowerCase()));
  return [(event) => wanted.has((textMember(event, attribute) ?? "").toLowerCase())];
}

function subjectTests(description: FilterDescription): readonly EventFilter[] {
  const fold = description.isSubjectCaseSensitive === true ? same : lowerCased;
  const begins = fold(description.subjectBeginsWith ?? "");
  const ends = fold(description.subjectEndsWith ?? "");
  if (begins === "" && ends === "") return [];
  return [
    (event) => {
      const subject = fold(textMember(event, "subject") ?? "");
      return subject.startsWith(begins) && subject.endsWith(ends);
    },
  ];
}

function same(text: string): string {
  return text;
}

function lowerCased(text: string): string {
  return text.toLowerCase();
}

const maxFilters = 25;
const maxValues = 25;

function advancedTests(
  description: FilterDescription,
  schema: "cloudEvents" | "eventGrid",
): readonly EventFilter[] {
  const filters = description.advancedFilters ?? [];
  if (filters.length > maxFilters) {
    throw new BrokerError(
      "badRequest",
      `A subscription has at most ${maxFilters} advanced filters: remove some.`,
    );
  }
  const values = filters.reduce((count, filter) => count + advancedValues(filter).length, 0);
  if (values > maxValues) {
    throw new BrokerError(
      "badRequest",
      `Advanced filters have at most ${maxValues} values in all: remove some.`,
    );
  }
  const arrays = description.enableAdvancedFilteringOnArrays ?? false;
  return filters.map((filter) => {
    const read = compileKey(filter.key, schema);
    const accepts = compileAdvanced(filter, arrays);
    return (event: JsonObject) => accepts(read(event));
  });
}

/** Attributes of the envelope, whose case in a key does not matter; names inside `data` are exact. */
const attributes = {
  cloudEvents: [
    "id",
    "source",
    "subject",
    "type",
    "specversion",
    "time",
    "dataschema",
    "datacontenttype",
    "data",
  ],
  eventGrid: ["id", "topic", "subject", "eventType", "eventTime", "dataVersion", "metadataVersion", "data"],
};

function compileKey(
  key: string,
  schema: "cloudEvents" | "eventGrid",
): (event: JsonObject) => JsonValue | undefined {
  if (typeof key !== "string" || key === "") {
    throw new BrokerError(
      "badRequest",
      `An advanced filter needs a key, such as "subject" or "data.colour".`,
    );
  }
  const [first = "", ...rest] = key.split(".");
  const root = attributes[schema].find((name) => name.toLowerCase() === first.toLowerCase()) ?? first;
  return (event) => {
    let value = member(event, root);
    for (const name of rest) value = isJsonObject(value) ? member(value, name) : undefined;
    return value;
  };
}
