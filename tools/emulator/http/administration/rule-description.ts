import { BrokerError } from "../../../../adapters/memory/broker/broker-error.js";
import type { CorrelationFilter } from "../../../../adapters/memory/broker/rules/correlation-filter.js";
import type { RuleDescription, RuleFilter } from "../../../../adapters/memory/broker/rules/rule.js";
import type { SqlText } from "../../../../adapters/memory/broker/rules/sql-text.js";
import { given } from "./fields.js";
import { readProperties, writeProperties } from "./property-map.js";
import { child, childText, type XmlContent, type XmlElement } from "./xml.js";

/** A rule as its description says it. @throws {BrokerError} `com.microsoft:argument-error` */
export function readRule(description: XmlElement, defaultName: string): RuleDescription {
  const action = readAction(child(description, "Action"));
  const name = childText(description, "Name");
  return {
    name: name === undefined || name === "" ? defaultName : name,
    filter: readFilter(child(description, "Filter")),
    ...(action === undefined ? {} : { action }),
  };
}

/** In the order of the service. Clients need an action, though it may be an empty one. */
export function writeRule(rule: RuleDescription): XmlContent {
  return {
    Filter: writeFilter(rule.filter),
    Action:
      rule.action === undefined
        ? { $: { "i:type": "EmptyRuleAction" } }
        : { $: { "i:type": "SqlRuleAction" }, ...writeSql(rule.action) },
    Name: rule.name,
  };
}

/** Fields of a correlation filter, by their elements, in the order of the service. */
const correlationFields = [
  ["CorrelationId", "correlationId"],
  ["MessageId", "messageId"],
  ["To", "to"],
  ["ReplyTo", "replyTo"],
  ["Label", "subject"],
  ["SessionId", "sessionId"],
  ["ReplyToSessionId", "replyToSessionId"],
  ["ContentType", "contentType"],
] as const;

function readFilter(filter: XmlElement | undefined): RuleFilter {
  if (filter === undefined) return { type: "true" };
  switch (typeOf(filter)) {
    case "TrueFilter":
      return { type: "true" };
    case "FalseFilter":
      return { type: "false" };
    case "SqlFilter":
      return readSql(filter);
    case "CorrelationFilter":
      return readCorrelation(filter);
    default:
      throw new BrokerError(
        "com.microsoft:argument-error",
        "A filter must be a SqlFilter, CorrelationFilter, TrueFilter or FalseFilter.",
      );
  }
}

function readAction(action: XmlElement | undefined): SqlText | undefined {
  return action !== undefined && typeOf(action) === "SqlRuleAction" ? readSql(action) : undefined;
}

/** `i:type` without the prefix that its value may have. */
const typeOf = ({ attributes }: XmlElement): string => (attributes["type"] ?? "").replace(/^.*:/, "");

function readSql(element: XmlElement): SqlText {
  const parameters = readProperties(child(element, "Parameters"));
  return {
    type: "sql",
    // White space inside a text literal counts, so nothing is trimmed.
    expression: child(element, "SqlExpression")?.text ?? "",
    ...(parameters === undefined ? {} : { parameters }),
  };
}

function readCorrelation(filter: XmlElement): CorrelationFilter {
  const fields = correlationFields.flatMap(([element, field]) => {
    const text = child(filter, element)?.text;
    return text === undefined || text === "" ? [] : [[field, text] as const];
  });
  const properties = readProperties(child(filter, "Properties"));
  return {
    type: "correlation",
    ...Object.fromEntries(fields),
    ...(properties === undefined ? {} : { properties }),
  };
}

function writeFilter(filter: RuleFilter): XmlContent {
  switch (filter.type) {
    case "true":
      return { $: { "i:type": "TrueFilter" }, SqlExpression: "1=1", CompatibilityLevel: "20" };
    case "false":
      return { $: { "i:type": "FalseFilter" }, SqlExpression: "1=0", CompatibilityLevel: "20" };
    case "sql":
      return { $: { "i:type": "SqlFilter" }, ...writeSql(filter) };
    case "correlation": {
      const fields = correlationFields.map(([element, field]) => [element, filter[field]] as const);
      return {
        $: { "i:type": "CorrelationFilter" },
        ...given(Object.fromEntries(fields)),
        ...given({ Properties: writeProperties(filter.properties) }),
      };
    }
  }
}

const writeSql = ({ expression, parameters }: SqlText): XmlContent => ({
  SqlExpression: expression,
  CompatibilityLevel: "20",
  ...given({ Parameters: writeProperties(parameters) }),
});
