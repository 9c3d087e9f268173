import type { BrokerMessage } from "../../../../adapters/memory/broker/message.js";
import type { ByteWriter } from "./byte-writer.js";
import { elementsOf } from "./compound.js";
import { absoluteExpiryTime, creationTime, propertyFields } from "./property-fields.js";
import { readSimple } from "./simple-value.js";

/** How the two times of the properties section differ from those that were sent. */
export interface TimeChanges {
  /** Added to absolute-expiry-time and creation-time: how far the emulator's clock was moved since. */
  readonly shiftMs: number;
  /** Where the entity shortened it: clients take absolute-expiry-time less creation-time for the time to live. */
  readonly shortenedTtlMs: number | undefined;
}

/** The properties section that a message came with, if it came over AMQP and had one. */
export interface OriginalProperties extends TimeChanges {
  readonly message: BrokerMessage;
  readonly bytes: Buffer;
  /** Where the list begins. */
  readonly at: number;
}

/** Whether the properties section can go out as it came. */
export function propertiesUnchanged(message: BrokerMessage, original: BrokerMessage): boolean {
  if (message === original) return true;
  return propertyFields.every((field) => field === undefined || message[field] === original[field]);
}

/** Writes the section anew: what the broker changed from the message's fields, the rest byte for byte. */
export function writeProperties(
  writer: ByteWriter,
  message: BrokerMessage,
  original: OriginalProperties | undefined,
): void {
  const positions = original === undefined ? [] : elementsOf(original.bytes, original.at, "list");
  writer.section(0x73);
  const list = writer.begin(0xd0);
  let count = 0;
  for (; count < propertyFields.length; count += 1) {
    const field = propertyFields[count];
    const start = positions[count];
    const end = positions[count + 1];
    if (field !== undefined && message[field] !== original?.message[field]) {
      writeText(writer, field, message[field]);
    } else if (original === undefined || start === undefined || end === undefined) writer.null();
    else if (isTime(count)) writeTime(writer, original, positions, count);
    else writer.raw(original.bytes, start, end);
  }
  writer.end(list, count);
}

function writeText(writer: ByteWriter, field: string, text: string | undefined): void {
  if (text === undefined) writer.null();
  else if (field === "contentType") writer.symbol(text);
  else writer.string(text);
}

const isTime = (index: number): boolean => index === absoluteExpiryTime || index === creationTime;

function writeTime(
  writer: ByteWriter,
  { bytes, shiftMs, shortenedTtlMs }: OriginalProperties,
  positions: readonly number[],
  index: number,
): void {
  const time = readSimple(bytes, positions[index] ?? 0);
  const creation = readSimple(bytes, positions[creationTime] ?? 0);
  if (!(time instanceof Date)) writer.null();
  else if (index === absoluteExpiryTime && shortenedTtlMs !== undefined && creation instanceof Date) {
    writer.timestamp(creation.getTime() + shortenedTtlMs + shiftMs);
  } else writer.timestamp(time.getTime() + shiftMs);
}
