import type { BrokerMessage } from "../../../../adapters/memory/broker/message.js";
import { annotationName, type AnnotationWriter } from "./annotation-writer.js";
import { encodeMessage } from "./encode-message.js";
import { scanSections } from "./sections.js";
import type { WireClock } from "./wire-message.js";

/** What Service Bus knows of a message that it hands out or shows. A `Delivery` and a `PeekedMessage` are such. */
export interface ReceivedFacts {
  readonly message: BrokerMessage;
  readonly sequenceNumber: number;
  readonly deliveryCount: number;
  readonly enqueuedTimeMs: number;
  readonly enqueuedSequenceNumber: number | undefined;
  readonly expiresAtMs: number | undefined;
  /** Active 0, deferred 1, scheduled 2. */
  readonly state: number;
  readonly deadLetterSource: string | undefined;
  /** Only of a message that is locked for who gets it. */
  readonly lockedUntilMs?: number | undefined;
}

/**
 * A message as a receiver of Service Bus gets it, in parts to be sent one behind the other (amqp-wire.md 3.2).
 *
 * The time to live is the one that counts, after the entity's limit; a dead letter shows the one that it was sent with.
 */
export function encodeForReceiver(facts: ReceivedFacts, clock: WireClock): Uint8Array[] {
  const { message, expiresAtMs, enqueuedTimeMs } = facts;
  return encodeMessage(
    message,
    {
      header: {
        deliveryCount: facts.deliveryCount,
        timeToLiveMs: expiresAtMs === undefined ? message.timeToLiveMs : expiresAtMs - enqueuedTimeMs,
      },
      annotations: (annotations) => writeAnnotations(annotations, facts, clock.offsetMs),
    },
    clock,
  );
}

/** The same in one piece, as the management door hands messages out; body and footer may be left out. */
export function encodeWhole(
  facts: ReceivedFacts,
  clock: WireClock,
  { withoutBody = false }: { readonly withoutBody?: boolean } = {},
): Buffer {
  const whole = Buffer.concat(encodeForReceiver(facts, clock));
  return withoutBody ? whole.subarray(0, scanSections(whole).restStart) : whole;
}

const names = {
  sequenceNumber: annotationName("x-opt-sequence-number"),
  enqueuedTime: annotationName("x-opt-enqueued-time"),
  lockedUntil: annotationName("x-opt-locked-until"),
  messageState: annotationName("x-opt-message-state"),
  enqueuedSequenceNumber: annotationName("x-opt-enqueue-sequence-number"),
  deadLetterSource: annotationName("x-opt-deadletter-source"),
  scheduledEnqueueTime: annotationName("x-opt-scheduled-enqueue-time"),
  partitionKey: annotationName("x-opt-partition-key"),
};

function writeAnnotations(annotations: AnnotationWriter, facts: ReceivedFacts, offsetMs: number): void {
  const { message, lockedUntilMs, enqueuedSequenceNumber, deadLetterSource } = facts;
  annotations.long(names.sequenceNumber, facts.sequenceNumber);
  annotations.timestamp(names.enqueuedTime, facts.enqueuedTimeMs - offsetMs);
  if (lockedUntilMs !== undefined) annotations.timestamp(names.lockedUntil, lockedUntilMs - offsetMs);
  annotations.int(names.messageState, facts.state);
  if (enqueuedSequenceNumber !== undefined) {
    annotations.long(names.enqueuedSequenceNumber, enqueuedSequenceNumber);
  }
  if (deadLetterSource !== undefined) annotations.string(names.deadLetterSource, deadLetterSource);
  if (message.scheduledEnqueueTimeMs !== undefined) {
    annotations.timestamp(names.scheduledEnqueueTime, message.scheduledEnqueueTimeMs - offsetMs);
  }
  if (message.partitionKey !== undefined) annotations.string(names.partitionKey, message.partitionKey);
}
