import type { BrokerMessage, PropertyValue } from "../message.js";

/** Size of a batch as it counts against the publication limit: bodies, and texts and properties as UTF-8. */
export function batchSizeBytes(events: readonly BrokerMessage[]): number {
  return events.reduce((total, event) => total + eventSize(event, utf8Bytes), 0);
}

/** An upper bound of {@link batchSizeBytes} that looks at no character. */
export function batchSizeBound(events: readonly BrokerMessage[]): number {
  let total = 0;
  for (const event of events) total += eventSize(event, mostUtf8Bytes);
  return total;
}

function eventSize(event: BrokerMessage, textSize: (text: string) => number): number {
  let size = event.body.byteLength;
  for (const field of textFields) {
    const text = event[field];
    if (text !== undefined) size += textSize(text);
  }
  const properties = event.applicationProperties;
  if (properties === undefined) return size;
  for (const key of Object.keys(properties)) size += textSize(key) + valueSize(properties[key], textSize);
  return size;
}

const textFields = [
  "messageId",
  "contentType",
  "subject",
  "sessionId",
  "partitionKey",
  "correlationId",
  "to",
  "replyTo",
  "replyToSessionId",
] as const;

function valueSize(value: PropertyValue | undefined, textSize: (text: string) => number): number {
  if (typeof value === "string") return textSize(value);
  if (value instanceof Uint8Array) return value.byteLength;
  return 8;
}

function utf8Bytes(text: string): number {
  return Buffer.byteLength(text);
}

function mostUtf8Bytes(text: string): number {
  return text.length * 3;
}
