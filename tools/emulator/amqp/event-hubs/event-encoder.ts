import type { PartitionProperties } from "../../../../adapters/memory/broker/stream/partition-log.js";
import type { StreamEvent } from "../../../../adapters/memory/broker/stream/stream-event.js";
import type { EmulatorClock } from "../../clock.js";
import { annotationName, type AnnotationWriter } from "../message/annotation-writer.js";
import { encodeMessage } from "../message/encode-message.js";

/** The end of a partition, as a reader that wants to know is told with every event. */
export type RuntimeMetric = Pick<
  PartitionProperties,
  "lastEnqueuedSequenceNumber" | "lastEnqueuedOffset" | "lastEnqueuedTimeMs"
>;

/** An event as a reader gets it: as it was sent, with the annotations of the service (amqp-wire.md, section 4). */
export function encodeEvent(
  event: StreamEvent,
  clock: EmulatorClock,
  metric: RuntimeMetric | undefined,
): Uint8Array[] {
  const annotations = (writer: AnnotationWriter): void => {
    writer.long(names.sequenceNumber, event.sequenceNumber);
    writer.string(names.offset, event.offset);
    writer.timestamp(names.enqueuedTime, clock.toWire(event.enqueuedTimeMs));
    if (event.partitionKey !== undefined) writer.string(names.partitionKey, event.partitionKey);
  };
  if (metric === undefined) return encodeMessage(event.message, { annotations }, clock);
  const deliveryAnnotations = (writer: AnnotationWriter): void => {
    writer.long(names.lastSequenceNumber, metric.lastEnqueuedSequenceNumber);
    writer.string(names.lastOffset, metric.lastEnqueuedOffset);
    writer.timestamp(names.lastTime, clock.toWire(metric.lastEnqueuedTimeMs ?? 0));
    writer.timestamp(names.retrievalTime, clock.toWire(clock.now()));
  };
  return encodeMessage(event.message, { annotations, deliveryAnnotations }, clock);
}

const names = {
  sequenceNumber: annotationName("x-opt-sequence-number"),
  offset: annotationName("x-opt-offset"),
  enqueuedTime: annotationName("x-opt-enqueued-time"),
  partitionKey: annotationName("x-opt-partition-key"),
  lastSequenceNumber: annotationName("last_enqueued_sequence_number"),
  lastOffset: annotationName("last_enqueued_offset"),
  lastTime: annotationName("last_enqueued_time_utc"),
  retrievalTime: annotationName("runtime_info_retrieval_time_utc"),
};
