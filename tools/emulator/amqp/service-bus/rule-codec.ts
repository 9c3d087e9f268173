import { badArgument } from "../../../../adapters/memory/broker/refusals.js";
import type { CorrelationFilter } from "../../../../adapters/memory/broker/rules/correlation-filter.js";
import type { RuleDescription, RuleFilter } from "../../../../adapters/memory/broker/rules/rule.js";
import { int } from "../engine/codec.js";
import { Described, type AmqpValue } from "../engine/engine.js";
import { propertyValues } from "./property-value.js";
import type { RequestBody } from "./request-body.js";

/** Reads a rule as `add-rule` has it: maps named `sql-filter` or `correlation-filter`, and `sql-rule-action`. */
export function decodeRule(name: string, description: RequestBody): RuleDescription {
  const action = description.optionalMap("sql-rule-action")?.optionalText("expression");
  return {
    name,
    filter: decodeFilter(description),
    ...(action === undefined ? {} : { action: { type: "sql", expression: action } }),
  };
}

function decodeFilter(description: RequestBody): RuleFilter {
  const sql = description.optionalMap("sql-filter");
  if (sql !== undefined) return { type: "sql", expression: sql.text("expression") };
  const correlation = description.optionalMap("correlation-filter");
  if (correlation !== undefined) return decodeCorrelation(correlation);
  if (description.optionalMap("true-filter") !== undefined) return { type: "true" };
  if (description.optionalMap("false-filter") !== undefined) return { type: "false" };
  throw badArgument("The rule-description must have an entry 'sql-filter' or 'correlation-filter'.");
}

function decodeCorrelation(body: RequestBody): CorrelationFilter {
  const conditions = fields.flatMap(({ field, entry }) => {
    const expected = body.optionalText(entry);
    return expected === undefined ? [] : [[field, expected] as const];
  });
  const properties = body.optionalEntries("properties");
  return {
    type: "correlation",
    ...Object.fromEntries(conditions),
    ...(properties === undefined ? {} : { properties: propertyValues(properties) }),
  };
}

/** The conditions of a correlation filter in the order of its list, by their names in `add-rule`. */
const fields = [
  { field: "correlationId", entry: "correlation-id" },
  { field: "messageId", entry: "message-id" },
  { field: "to", entry: "to" },
  { field: "replyTo", entry: "reply-to" },
  { field: "subject", entry: "label" },
  { field: "sessionId", entry: "session-id" },
  { field: "replyToSessionId", entry: "reply-to-session-id" },
  { field: "contentType", entry: "content-type" },
] as const;

/** Writes a rule as `enumerate-rules` has it: described lists, of Microsoft's numbers. */
export function encodeRule({ name, filter, action }: RuleDescription): AmqpValue {
  const described =
    action === undefined
      ? new Described(codes.emptyAction, [])
      : new Described(codes.sqlAction, [action.expression, int(sqlCompatibility)]);
  return new Described(codes.rule, [encodeFilter(filter), described, name, new Date(0)]);
}

const codes = {
  trueFilter: 83483426823,
  falseFilter: 83483426824,
  sqlFilter: 83483426822,
  correlationFilter: 83483426825,
  rule: 1335734829060,
  emptyAction: 1335734829061,
  sqlAction: 1335734829062,
};

const sqlCompatibility = 20;

function encodeFilter(filter: RuleFilter): AmqpValue {
  switch (filter.type) {
    case "true":
      return new Described(codes.trueFilter, []);
    case "false":
      return new Described(codes.falseFilter, []);
    case "sql":
      return new Described(codes.sqlFilter, [filter.expression, int(sqlCompatibility)]);
    case "correlation":
      return new Described(codes.correlationFilter, [
        ...fields.map(({ field }) => filter[field] ?? null),
        new Map<AmqpValue, AmqpValue>(Object.entries(filter.properties ?? {})),
      ]);
  }
}
