import type { BrokerMessage, PropertyValue } from "./message.js";
import { outOfRange, tooLarge } from "./refusals.js";

/** All application properties of a message together; the limit of Azure's header. */
export const maxPropertiesBytes = 64 * 1024;
const maxPropertyBytes = 32 * 1024;
const maxIdCharacters = 128;
/** A UTF-16 unit takes at most three bytes in UTF-8. */
const worstExpansion = 3;

/**
 * The size of a message: body, properties and application properties.
 *
 * Text counts one byte a character unless the message could come near a limit, where it is measured exactly.
 */
export function measure(message: BrokerMessage): number {
  const quick = message.body.byteLength + textSize(message, quickLength);
  return quick <= smallBytes ? quick : measureExactly(message);
}

export function measureExactly(message: BrokerMessage): number {
  return message.body.byteLength + textSize(message, utf8Length);
}

/** What the size of a message cannot exceed, at the price of {@link measure}. */
export const upperBound = (message: BrokerMessage): number =>
  boundOf(measure(message), message.body.byteLength);

/** What the exact size of messages cannot exceed, from the sums of what {@link measure} says and of their bodies. */
export const boundOf = (sizeBytes: number, bodyBytes: number): number =>
  bodyBytes + (sizeBytes - bodyBytes) * worstExpansion;

/** Below this no text expansion can reach a limit of Azure's. */
const smallBytes = maxPropertyBytes / worstExpansion;

/**
 * The size of a message that a client sends.
 *
 * @throws {BrokerError} `amqp:link:message-size-exceeded` for application properties above 32 KiB each or 64 KiB in all,
 * `com.microsoft:argument-out-of-range` for a message or session id above 128 characters.
 */
export function measureSent(message: BrokerMessage): number {
  checkId("MessageId", message.messageId);
  checkId("SessionId", message.sessionId);
  const sizeBytes = measure(message);
  if (sizeBytes - message.body.byteLength > smallBytes) checkProperties(message);
  return sizeBytes;
}

/** The size of the application properties, exactly. */
export function propertiesSize(message: BrokerMessage): number {
  return propertiesTextSize(message.applicationProperties, utf8Length);
}

function checkId(name: string, id: string | undefined): void {
  if (id !== undefined && id.length > maxIdCharacters) {
    throw outOfRange(
      `${name} has ${String(id.length)} characters; at most ${String(maxIdCharacters)} are allowed.`,
    );
  }
}

function checkProperties(message: BrokerMessage): void {
  const total = propertiesSize(message);
  if (total > maxPropertiesBytes) throw tooLarge(total, maxPropertiesBytes);
  for (const [name, value] of Object.entries(message.applicationProperties ?? {})) {
    const size = utf8Length(name) + valueSize(value, utf8Length);
    if (size > maxPropertyBytes) throw tooLarge(size, maxPropertyBytes);
  }
}

function textSize(message: BrokerMessage, lengthOf: (text: string) => number): number {
  return (
    optionalSize(message.messageId, lengthOf) +
    optionalSize(message.contentType, lengthOf) +
    optionalSize(message.subject, lengthOf) +
    optionalSize(message.sessionId, lengthOf) +
    optionalSize(message.partitionKey, lengthOf) +
    optionalSize(message.correlationId, lengthOf) +
    optionalSize(message.to, lengthOf) +
    optionalSize(message.replyTo, lengthOf) +
    optionalSize(message.replyToSessionId, lengthOf) +
    propertiesTextSize(message.applicationProperties, lengthOf)
  );
}

function optionalSize(text: string | undefined, lengthOf: (text: string) => number): number {
  return text === undefined ? 0 : lengthOf(text);
}

function propertiesTextSize(
  properties: BrokerMessage["applicationProperties"],
  lengthOf: (text: string) => number,
): number {
  let size = 0;
  for (const name in properties) {
    const value = properties[name];
    if (value !== undefined) size += lengthOf(name) + valueSize(value, lengthOf);
  }
  return size;
}

function valueSize(value: PropertyValue, lengthOf: (text: string) => number): number {
  if (typeof value === "string") return lengthOf(value);
  if (typeof value === "boolean" || value === null) return 1;
  return value instanceof Uint8Array ? value.byteLength : 8;
}

const quickLength = (text: string): number => text.length;

function utf8Length(text: string): number {
  let bytes = text.length;
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    // Each half of a surrogate pair counts two bytes, four together.
    if (unit >= 0x80) bytes += unit >= 0x800 && (unit < 0xd800 || unit > 0xdfff) ? 2 : 1;
  }
  return bytes;
}
