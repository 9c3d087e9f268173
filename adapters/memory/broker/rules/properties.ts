import type { BrokerMessage, PropertyValue } from "../message.js";
import { RuleError } from "./rule-error.js";

/** The system properties that hold text, which a rule may read, set and remove. */
export type TextField =
  | "contentType"
  | "correlationId"
  | "subject"
  | "messageId"
  | "partitionKey"
  | "replyTo"
  | "replyToSessionId"
  | "sessionId"
  | "to";

/**
 * Reads a user property; names compare without case, and an exact match wins.
 * Only own properties count, so that `constructor` is as absent as any other name.
 */
export function readUserProperty(
  message: BrokerMessage,
  name: string,
  folded: string,
): PropertyValue | undefined {
  const properties = message.applicationProperties;
  if (properties === undefined) return undefined;
  if (Object.hasOwn(properties, name)) return properties[name];
  const key = findKey(properties, folded);
  return key === undefined ? undefined : properties[key];
}

/** The key of a record that equals `folded` without case. */
export function findKey(record: Readonly<Record<string, unknown>>, folded: string): string | undefined {
  for (const key of Object.keys(record)) if (key.toLowerCase() === folded) return key;
  return undefined;
}

/** A reader of the system property; one that does not exist throws for each message, not when compiled. */
export function systemPropertyReader(name: string): (message: BrokerMessage) => PropertyValue | undefined {
  const folded = name.toLowerCase();
  if (folded === scheduledField) {
    return (message) =>
      message.scheduledEnqueueTimeMs === undefined ? undefined : new Date(message.scheduledEnqueueTimeMs);
  }
  const field = textFields.get(folded);
  if (field === undefined) return () => failUnknown(name);
  return (message) => message[field];
}

/** What SET and REMOVE may do to a system property. */
export function writableSystemProperty(name: string): TextField | "ignored" | undefined {
  const folded = name.toLowerCase();
  // The service ignores a scheduled time that an action sets on a subscription's copy (topic-filters.md).
  return folded === scheduledField ? "ignored" : textFields.get(folded);
}

/** True of system properties that the service has and this broker gives no value to in rules. */
export function isUnsupportedSystemProperty(name: string): boolean {
  return unsupported.has(name.toLowerCase());
}

export function failUnknown(name: string): never {
  throw new RuleError(`The system property 'sys.${name}' does not exist.`);
}

const scheduledField = "scheduledenqueuetimeutc";

const textFields: ReadonlyMap<string, TextField> = new Map<string, TextField>([
  ["contenttype", "contentType"],
  ["correlationid", "correlationId"],
  ["label", "subject"],
  ["subject", "subject"],
  ["messageid", "messageId"],
  ["partitionkey", "partitionKey"],
  ["replyto", "replyTo"],
  ["replytosessionid", "replyToSessionId"],
  ["sessionid", "sessionId"],
  ["to", "to"],
]);

// Durations have no SQL literal, and the others are given by the broker after the rules have run.
const unsupported: ReadonlySet<string> = new Set([
  "timetolive",
  "deliverycount",
  "enqueuedsequencenumber",
  "enqueuedtimeutc",
  "expiresatutc",
  "lockeduntilutc",
  "locktoken",
  "sequencenumber",
  "size",
  "state",
]);
