import type { BrokerMessage, PropertyValue } from "../message.js";
import type { CorrelationFilter } from "./correlation-filter.js";
import { parsePredicate } from "./parse-predicate.js";
import { readUserProperty, writableSystemProperty } from "./properties.js";
import type { RuleFilter } from "./rule.js";
import type { PredicateNode, PropertyNode, ValueNode } from "./sql-tree.js";

/** What an index can look up. */
export type Key = string | number | boolean | null | undefined;

/** By which of its values a filter can be found: it refuses, without an error, every message that has another key. */
export interface KeyCondition {
  /** Says what `keyOf` reads: conditions of one name read alike. */
  readonly name: string;
  readonly keyOf: (message: BrokerMessage) => Key;
  /** The keys of messages that need a closer look; none if the filter refuses everything. */
  readonly keys: readonly Key[];
}

/** Undefined for a filter that must look at every message. @throws {RuleSyntaxError} */
export function keyConditionOf(filter: RuleFilter): KeyCondition | undefined {
  switch (filter.type) {
    case "true":
      return undefined;
    case "false":
      return { name: "nothing", keyOf: () => undefined, keys: [] };
    case "correlation":
      return conditionOfCorrelation(filter);
    case "sql":
      return conditionOfSql(firstTerm(parsePredicate(filter.expression, filter.parameters)));
  }
}

function conditionOfCorrelation(filter: CorrelationFilter): KeyCondition | undefined {
  const field = mostTelling.find((each) => filter[each] !== undefined);
  if (field !== undefined) {
    return { name: field, keyOf: (message) => message[field], keys: [filter[field]] };
  }
  for (const [name, expected] of Object.entries(filter.properties ?? {})) {
    const key = valueKey(expected);
    const folded = name.toLowerCase();
    if (key !== undefined) {
      const keyOf = (message: BrokerMessage): Key => valueKey(readUserProperty(message, name, folded));
      return { name: `user.${name}`, keyOf, keys: [key] };
    }
  }
  return undefined;
}

/** In the order in which they are likely to tell messages apart. */
const mostTelling = [
  "messageId",
  "correlationId",
  "sessionId",
  "replyToSessionId",
  "subject",
  "to",
  "replyTo",
] as const;

/** The same for values that a correlation filter takes for the same; undefined for bytes and for no value. */
function valueKey(value: PropertyValue | undefined): Key {
  if (typeof value === "bigint") return Number(value);
  if (value instanceof Date) return value.getTime();
  return value instanceof Uint8Array ? undefined : value;
}

/** The term that is evaluated first: where it is false, nothing behind an AND is evaluated, so nothing can fail there. */
function firstTerm(predicate: PredicateNode): PredicateNode {
  let first = predicate;
  while (first.type === "and") first = first.left;
  return first;
}

function conditionOfSql(term: PredicateNode): KeyCondition | undefined {
  if (term.type === "in") return textCondition(term.value, term.items);
  if (term.type !== "compare" || term.operator !== "=") return undefined;
  return textCondition(term.left, [term.right]) ?? textCondition(term.right, [term.left]);
}

/** Where there is no text to compare, the comparison is unknown instead of false, and what is behind it decides. */
function textCondition(value: ValueNode, items: readonly ValueNode[]): KeyCondition | undefined {
  const read = value.type === "property" ? readerOf(value) : undefined;
  const texts = items.flatMap((item) =>
    item.type === "constant" && typeof item.value === "string" ? [item.value] : [],
  );
  if (read === undefined || texts.length < items.length) return undefined;
  const keyOf = (message: BrokerMessage): Key => {
    const text = read.value(message);
    return typeof text === "string" ? text : undefined;
  };
  return { name: `text of ${read.name}`, keyOf, keys: [...texts, undefined] };
}

function readerOf({
  scope,
  name,
}: PropertyNode):
  | { readonly name: string; readonly value: (message: BrokerMessage) => PropertyValue | undefined }
  | undefined {
  if (scope === "user") {
    const folded = name.toLowerCase();
    return { name: `user.${name}`, value: (message) => readUserProperty(message, name, folded) };
  }
  const field = writableSystemProperty(name);
  if (field === undefined || field === "ignored") return undefined;
  return { name: field, value: (message) => message[field] };
}
