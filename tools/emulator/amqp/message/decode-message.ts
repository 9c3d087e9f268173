import type { BrokerMessage, PropertyValue } from "../../../../adapters/memory/broker/message.js";
import { elementsOf } from "./compound.js";
import { MalformedMessage } from "./malformed-message.js";
import { pairsOf } from "./property-pairs.js";
import { absoluteExpiryTime, creationTime, propertyFields, type MessageDraft } from "./property-fields.js";
import { absent, readDescriptor, scanSections, type Sections } from "./sections.js";
import { readSimple } from "./simple-value.js";
import { skipValue } from "./skip-value.js";
import { WireMessage, type WireClock } from "./wire-message.js";

/**
 * The broker's message of encoded bytes, which it keeps in its field `wire`: nobody may change them afterwards.
 *
 * The times in it are the emulator's. The body is that of the data sections; one of values or sequences stays encoded.
 * Application properties of types that a rule cannot compare (maps, lists, decimals) are not shown, and kept all the same.
 *
 * @throws {MalformedMessage}
 */
export function decodeMessage(payload: Buffer, clock: WireClock): BrokerMessage {
  const bytes = ownBytes(payload);
  const sections = scanSections(bytes);
  const wire = new WireMessage(bytes, clock.offsetMs);
  const message: MessageDraft = { body: bodyOf(bytes, sections), wire };
  const properties =
    sections.properties === absent ? [] : readProperties(message, bytes, sections.properties);
  if (sections.header !== absent) readTimeToLive(message, bytes, sections.header, properties);
  if (sections.messageAnnotations !== absent) {
    readAnnotations(message, bytes, sections.messageAnnotations, clock.offsetMs);
  }
  if (sections.applicationProperties !== absent) {
    message.applicationProperties = readApplicationProperties(bytes, sections.applicationProperties);
  }
  wire.original = message;
  return message;
}

/** A few bytes should not keep a big buffer alive that they were read in. */
function ownBytes(payload: Buffer): Buffer {
  return payload.buffer.byteLength > 2 * payload.byteLength + sharedPoolBytes
    ? Buffer.from(payload)
    : payload;
}

const sharedPoolBytes = Buffer.poolSize;

function bodyOf(bytes: Buffer, sections: Sections): Uint8Array {
  const encoded = bytes.subarray(sections.bodyStart, sections.bodyEnd);
  if (sections.bodyKind !== "data") return encoded;
  if (sections.bodySections === 1) return binaryAt(bytes, sections.body);
  return Buffer.concat(dataOf(bytes, sections));
}

/**
 * The contents of all data sections of a body.
 *
 * @throws {MalformedMessage} when one of them is not binary
 */
export function dataOf(bytes: Buffer, sections: Sections): Buffer[] {
  const contents: Buffer[] = [];
  for (let at = sections.bodyStart; at < sections.bodyEnd;) {
    const { value } = readDescriptor(bytes, at);
    contents.push(binaryAt(bytes, value));
    at = skipValue(bytes, value, sections.bodyEnd);
  }
  return contents;
}

function binaryAt(bytes: Buffer, at: number): Buffer {
  const content = readSimple(bytes, at);
  if (content instanceof Buffer) return content;
  throw new MalformedMessage("A data section has to be binary.");
}

function readProperties(message: MessageDraft, bytes: Buffer, at: number): readonly number[] {
  const positions = elementsOf(bytes, at, "list");
  const count = Math.min(positions.length - 1, propertyFields.length);
  for (let index = 0; index < count; index += 1) {
    const field = propertyFields[index];
    if (field === undefined) continue;
    const text = textOf(readSimple(bytes, positions[index] ?? 0));
    if (text !== undefined) message[field] = text;
  }
  return positions;
}

/** Ids may be numbers, UUIDs or bytes; for the broker they are text. */
function textOf(value: PropertyValue | undefined): string | undefined {
  if (typeof value === "string") return value;
  if (typeof value === "number" || typeof value === "bigint") return String(value);
  return value instanceof Buffer ? value.toString("base64") : undefined;
}

/**
 * The header has 32 bits for milliseconds, 49 days. Clients that want more fill it with ones and say the rest by
 * absolute-expiry-time less creation-time.
 */
function readTimeToLive(
  message: MessageDraft,
  bytes: Buffer,
  header: number,
  properties: readonly number[],
): void {
  const positions = elementsOf(bytes, header, "list");
  if (positions.length < ttlField + 2) return;
  const ttlMs = readSimple(bytes, positions[ttlField] ?? 0);
  if (typeof ttlMs !== "number") return;
  message.timeToLiveMs = ttlMs;
  if (ttlMs !== maxUint || properties.length < creationTime + 2) return;
  const expiry = readSimple(bytes, properties[absoluteExpiryTime] ?? 0);
  const creation = readSimple(bytes, properties[creationTime] ?? 0);
  if (!(expiry instanceof Date && creation instanceof Date)) return;
  message.timeToLiveMs = Math.max(ttlMs, expiry.getTime() - creation.getTime());
}

const ttlField = 2;
const maxUint = 0xffff_ffff;

function readAnnotations(message: MessageDraft, bytes: Buffer, at: number, offsetMs: number): void {
  for (const { name, value } of pairsOf(bytes, at)) {
    if (name === "x-opt-partition-key") {
      const key = textOf(readSimple(bytes, value));
      if (key !== undefined) message.partitionKey = key;
    } else if (name === "x-opt-scheduled-enqueue-time") {
      const time = readSimple(bytes, value);
      if (time instanceof Date) message.scheduledEnqueueTimeMs = time.getTime() + offsetMs;
    }
  }
}

function readApplicationProperties(bytes: Buffer, at: number): Record<string, PropertyValue> {
  const properties: Record<string, PropertyValue> = {};
  for (const { name, value } of pairsOf(bytes, at)) {
    const content = readSimple(bytes, value);
    if (content === undefined) continue;
    // A plain assignment to this one name would set the prototype.
    if (name === "__proto__") Object.defineProperty(properties, name, { ...plain, value: content });
    else properties[name] = content;
  }
  return properties;
}

const plain = { enumerable: true, writable: true, configurable: true };
