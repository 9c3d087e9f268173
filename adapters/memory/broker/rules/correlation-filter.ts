import type { BrokerMessage, PropertyValue } from "../message.js";
import { readUserProperty } from "./properties.js";
import { sameValue } from "./sql-values.js";

/** Conditions that must all hold. Strings compare by case; a condition on an absent property does not hold. */
export interface CorrelationFilter {
  readonly type: "correlation";
  readonly contentType?: string;
  readonly correlationId?: string;
  readonly subject?: string;
  readonly messageId?: string;
  readonly replyTo?: string;
  readonly replyToSessionId?: string;
  readonly sessionId?: string;
  readonly to?: string;
  readonly properties?: Readonly<Record<string, PropertyValue>>;
}

/** Compiles a correlation filter to a test of one message; it never throws. */
export function compileCorrelationFilter(filter: CorrelationFilter): (message: BrokerMessage) => boolean {
  const conditions = fields.flatMap((field) => {
    const expected = filter[field];
    return expected === undefined ? [] : [{ field, expected }];
  });
  const properties = Object.entries(filter.properties ?? {}).map(([name, expected]) => ({
    name,
    folded: name.toLowerCase(),
    expected,
  }));
  return (message) => {
    for (const { field, expected } of conditions) if (message[field] !== expected) return false;
    for (const { name, folded, expected } of properties) {
      if (!sameValue(readUserProperty(message, name, folded), expected)) return false;
    }
    return true;
  };
}

const fields = [
  "contentType",
  "correlationId",
  "subject",
  "messageId",
  "replyTo",
  "replyToSessionId",
  "sessionId",
  "to",
] as const;
