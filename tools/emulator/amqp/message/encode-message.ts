import type { BrokerMessage } from "../../../../adapters/memory/broker/message.js";
import { AnnotationWriter } from "./annotation-writer.js";
import { ByteWriter } from "./byte-writer.js";
import { elementsOf } from "./compound.js";
import { samePropertyValues, writeApplicationProperties } from "./encode-application-properties.js";
import { propertiesUnchanged, writeProperties, type TimeChanges } from "./encode-properties.js";
import { propertyFields } from "./property-fields.js";
import { pairsOf } from "./property-pairs.js";
import { absent, scanSections, type Sections } from "./sections.js";
import { wireOf, type WireClock, type WireMessage } from "./wire-message.js";

/** What a service writes on a message that it hands out. */
export interface Stamp {
  /** Absent: durable, priority and time to live go out as they came. */
  readonly header?: { readonly deliveryCount: number; readonly timeToLiveMs: number | undefined };
  readonly deliveryAnnotations?: (annotations: AnnotationWriter) => void;
  /** Written before the sender's own annotations; see {@link stampedAnnotations}. */
  readonly annotations: (annotations: AnnotationWriter) => void;
}

/** Annotations that only a service may write: a sender's own of these names are not handed on. */
export const stampedAnnotations: ReadonlySet<string> = new Set([
  "x-opt-sequence-number",
  "x-opt-enqueued-time",
  "x-opt-locked-until",
  "x-opt-message-state",
  "x-opt-enqueue-sequence-number",
  "x-opt-deadletter-source",
  "x-opt-scheduled-enqueue-time",
  "x-opt-partition-key",
  "x-opt-offset",
]);

/**
 * A message as a receiver gets it: the service's header and annotations in front, then properties, application properties,
 * body and footer as they were sent. What the broker changed since is encoded anew, field by field.
 *
 * The parts are to be sent one behind the other; the later ones share the memory of the stored message.
 */
export function encodeMessage(message: BrokerMessage, stamp: Stamp, clock: WireClock): Uint8Array[] {
  const wire = wireOf(message);
  if (wire?.original === undefined) return encodePlain(message, stamp);
  const { bytes, original } = wire;
  const sections = scanSections(bytes);
  writeHead(stamp, wire, sections);
  const times = timeChanges(message, stamp, wire.offsetMs - clock.offsetMs);
  const sameProperties =
    (times === undefined || sections.properties === absent) && propertiesUnchanged(message, original);
  const sameValues = samePropertyValues(message.applicationProperties, original.applicationProperties);
  if (sameProperties && sameValues) return [writer.take(), bytes.subarray(sections.propertiesStart)];
  if (sameProperties) writer.raw(bytes, sections.propertiesStart, sections.applicationPropertiesStart);
  else if (sections.properties === absent) writeProperties(writer, message, undefined);
  else {
    const at = sections.properties;
    writeProperties(writer, message, { message: original, bytes, at, ...(times ?? noChanges) });
  }
  if (sameValues) return [writer.take(), bytes.subarray(sections.applicationPropertiesStart)];
  const at = sections.applicationProperties;
  writeApplicationProperties(
    writer,
    message.applicationProperties,
    at === absent ? undefined : { values: original.applicationProperties, bytes, at },
  );
  return [writer.take(), bytes.subarray(sections.restStart)];
}

const noChanges: TimeChanges = { shiftMs: 0, shortenedTtlMs: undefined };

/** Undefined when the times of the properties section go out as they came. */
function timeChanges(message: BrokerMessage, { header }: Stamp, shiftMs: number): TimeChanges | undefined {
  const ttlMs = header?.timeToLiveMs;
  const shortened = ttlMs !== undefined && message.timeToLiveMs !== undefined && ttlMs < message.timeToLiveMs;
  if (shiftMs === 0 && !shortened) return undefined;
  return { shiftMs, shortenedTtlMs: shortened ? ttlMs : undefined };
}

/** One for all: a message is encoded from beginning to end before the next one. */
const writer = new ByteWriter();
const annotationWriter = new AnnotationWriter(writer);

/** A message that did not come over AMQP: its body is one data section. */
function encodePlain(message: BrokerMessage, stamp: Stamp): Uint8Array[] {
  writeHead(stamp, undefined, undefined);
  if (propertyFields.some((field) => field !== undefined && message[field] !== undefined)) {
    writeProperties(writer, message, undefined);
  }
  if (message.applicationProperties !== undefined) {
    writeApplicationProperties(writer, message.applicationProperties);
  }
  writer.section(0x75);
  writer.binary(message.body);
  return [writer.take()];
}

function writeHead(stamp: Stamp, wire: WireMessage | undefined, sections: Sections | undefined): void {
  writer.clear();
  const header = wire === undefined ? absent : (sections?.header ?? absent);
  writeHeader(stamp, header === absent ? [] : elementsOf(wire?.bytes ?? empty, header, "list"), wire?.bytes);
  if (stamp.deliveryAnnotations !== undefined) {
    annotationWriter.begin(0x71);
    stamp.deliveryAnnotations(annotationWriter);
    annotationWriter.end();
  }
  annotationWriter.begin(0x72);
  stamp.annotations(annotationWriter);
  if (wire !== undefined && sections !== undefined && sections.messageAnnotations !== absent) {
    for (const { name, start, end } of pairsOf(wire.bytes, sections.messageAnnotations)) {
      if (!stampedAnnotations.has(name)) annotationWriter.entry(wire.bytes, start, end);
    }
  }
  annotationWriter.end();
}

const empty = Buffer.alloc(0);

/** Durable, priority, ttl, first-acquirer, delivery-count (AMQP 1.0 part 3, 3.2.1). */
function writeHeader({ header }: Stamp, positions: readonly number[], bytes: Buffer = empty): void {
  if (header === undefined && positions.length < 2) return;
  writer.section(0x70);
  const list = writer.begin(0xd0);
  writeField(positions, 0, bytes);
  writeField(positions, 1, bytes);
  if (header === undefined) {
    writeField(positions, 2, bytes);
    writer.end(list, 3);
    return;
  }
  if (header.timeToLiveMs === undefined) writer.null();
  else writer.uint(Math.min(Math.max(0, Math.round(header.timeToLiveMs)), maxUint));
  writer.null();
  writer.uint(Math.min(header.deliveryCount, maxUint));
  writer.end(list, 5);
}

const maxUint = 0xffff_ffff;

function writeField(positions: readonly number[], index: number, bytes: Buffer): void {
  const start = positions[index];
  const end = positions[index + 1];
  if (start === undefined || end === undefined) writer.null();
  else writer.raw(bytes, start, end);
}
