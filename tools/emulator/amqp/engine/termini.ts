import type { AttachReply, EngineLimits, Terminus } from "./engine.js";
import { FieldReader } from "./field-reader.js";
import { maxPerformativeValues, readTerminus } from "./performatives.js";
import type { Attach } from "./performatives.js";
import { AmqpWriter } from "./writer.js";

/** Source and target of an attach. */
export function readTermini(
  attach: Attach,
  { maxDepth }: EngineLimits,
): { readonly source: Terminus | undefined; readonly target: Terminus | undefined } {
  const reader = new FieldReader({ maxDepth, maxValues: maxPerformativeValues });
  const read = (bytes: Buffer | undefined): Terminus | undefined =>
    bytes === undefined ? undefined : readTerminus(reader.reset(bytes));
  return { source: read(attach.source), target: read(attach.target) };
}

/** The source that the peer sent, byte for byte but for its address and its filters, if others are given. */
export function echoedSource(
  source: Buffer | undefined,
  { filters, sourceAddress }: AttachReply,
): Uint8Array | undefined {
  if (source === undefined || (filters === undefined && sourceAddress === undefined)) return source;
  const reader = new FieldReader({ maxDepth: 1, maxValues: 1 }).reset(source);
  reader.openComposite();
  const fields = Array.from({ length: sourceFields }, () => reader.rawField() ?? nullField);
  const writer = new AmqpWriter();
  writer.raw(sourceHead);
  const list = writer.begin(0xd0, sourceFields);
  for (const [index, field] of fields.entries()) {
    if (index === addressField && sourceAddress !== undefined) writer.value(sourceAddress);
    else if (index === filterField && filters !== undefined) writer.symbolMap(filters);
    else writer.raw(field);
  }
  writer.end(list);
  return writer.view();
}

/** AMQP 1.0 part 3.5.3. */
const sourceFields = 11;
const addressField = 0;
const filterField = 7;
const sourceHead = Buffer.from([0x00, 0x53, 0x28]);
const nullField = Buffer.from([0x40]);
