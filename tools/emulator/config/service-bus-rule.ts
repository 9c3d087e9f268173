import type { RuleDescription, RuleFilter } from "../../../adapters/memory/broker/rules/rule.js";
import { ConfigError } from "./config-error.js";
import type { JsonNode, Warn } from "./json-node.js";

/** Reads one rule of a subscription. @throws {ConfigError} */
export function readRule(node: JsonNode, warn: Warn): RuleDescription {
  const name = node.requiredText("Name");
  const properties = node.object("Properties");
  if (properties === undefined) throw new ConfigError(node.path, 'needs "Properties" with a FilterType');
  const filter = readFilter(properties, warn);
  const action = properties.object("Action");
  const expression = action?.requiredText("SqlExpression");
  action?.warnOfRest(warn);
  properties.warnOfRest(warn);
  node.warnOfRest(warn);
  return expression === undefined ? { name, filter } : { name, filter, action: { type: "sql", expression } };
}

function readFilter(properties: JsonNode, warn: Warn): RuleFilter {
  const sql = properties.object("SqlFilter");
  const correlation = properties.object("CorrelationFilter");
  const type =
    properties.oneOf("FilterType", ["Sql", "Correlation"]) ??
    (sql !== undefined ? "Sql" : correlation !== undefined ? "Correlation" : undefined);
  if (type === "Sql" && sql !== undefined) {
    const expression = sql.requiredText("SqlExpression");
    sql.warnOfRest(warn);
    return { type: "sql", expression };
  }
  if (type === "Correlation" && correlation !== undefined) return readCorrelation(correlation, warn);
  throw new ConfigError(
    properties.path,
    type === undefined
      ? 'needs a filter: write "FilterType": "Sql" with "SqlFilter", or "Correlation" with "CorrelationFilter"'
      : `has the FilterType "${type}", but no "${type}Filter"`,
  );
}

function readCorrelation(node: JsonNode, warn: Warn): RuleFilter {
  const texts = {
    contentType: node.text("ContentType"),
    correlationId: node.text("CorrelationId"),
    subject: node.text("Label") ?? node.text("Subject"),
    messageId: node.text("MessageId"),
    replyTo: node.text("ReplyTo"),
    replyToSessionId: node.text("ReplyToSessionId"),
    sessionId: node.text("SessionId"),
    to: node.text("To"),
  };
  const properties = node.values("Properties");
  node.warnOfRest(warn);
  const given = Object.entries(texts).filter(([, text]) => text !== undefined && text !== "");
  return {
    type: "correlation",
    ...(Object.fromEntries(given) as { readonly [P in keyof typeof texts]?: string }),
    ...(Object.keys(properties).length > 0 ? { properties } : {}),
  };
}
