import type { BrokerMessage } from "../../../../adapters/memory/broker/message.js";
import type { ByteWriter } from "./byte-writer.js";
import { elementsOf } from "./compound.js";
import { absoluteExpiryTime, creationTime, propertyFields } from "./property-fields.js";
import { readSimple } from "./simple-value.js";

/** The properties section that a message came with, if it came over AMQP and had one. */
export interface OriginalProperties {
  readonly message: BrokerMessage;
  readonly bytes: Buffer;
  /** Where the list begins. */
  readonly at: number;
  /** Added to absolute-expiry-time and creation-time: how far the emulator's clock was moved since. */
  readonly shiftMs: number;
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
    else if (isTime(count) && original.shiftMs !== 0) writeTime(writer, original, start, end);
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
  { bytes, shiftMs }: OriginalProperties,
  start: number,
  end: number,
): void {
  const time = readSimple(bytes, start);
  if (time instanceof Date) writer.timestamp(time.getTime() + shiftMs);
  else writer.raw(bytes, start, end);
}
