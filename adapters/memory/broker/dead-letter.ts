import type { Kernel } from "./kernel.js";
import type { BrokerMessage, PropertyValue } from "./message.js";
import { measure } from "./message-size.js";
import type { Arrival, MessageRecord } from "./record.js";
import { removeRecord, storeActive, type MessageStore } from "./store.js";

/** Why a message is dead; both end up in its application properties. */
export interface DeadLetterOptions {
  readonly reason?: string | undefined;
  readonly description?: string | undefined;
  /** Added to the application properties. */
  readonly properties?: Readonly<Record<string, PropertyValue>> | undefined;
}

/** Moves a stored message to the dead-letter queue of its store. It keeps its id, body, properties and delivery count. */
export function deadLetter(kernel: Kernel, record: MessageRecord, options: DeadLetterOptions): void {
  const target = record.store.deadLetters;
  removeRecord(kernel, record);
  if (target === undefined) return;
  const { enqueuedMs, origin, firstNumber } = record;
  const copy = deadLetterArrival(kernel, target, record.message, options, {
    enqueuedMs,
    origin: { ...origin, enqueuedSequenceNumber: firstNumber },
  });
  copy.deliveryCount = record.deliveryCount;
}

/** Puts a message that was never stored in the entity itself into its dead-letter queue. */
export function deadLetterArrival(
  kernel: Kernel,
  target: MessageStore,
  message: BrokerMessage,
  { reason, description, properties }: DeadLetterOptions,
  { enqueuedMs, origin }: Pick<Arrival, "enqueuedMs" | "origin">,
): MessageRecord {
  const dead = withProperties(message, {
    ...properties,
    ...(reason === undefined ? {} : { DeadLetterReason: reason }),
    ...(description === undefined ? {} : { DeadLetterErrorDescription: description }),
  });
  return storeActive(kernel, target, {
    message: dead,
    sizeBytes: measure(dead),
    enqueuedMs,
    origin: { ...origin, deadLetterSource: undefined },
  });
}

/** A copy of the message with more, or changed, application properties. */
export function withProperties(
  message: BrokerMessage,
  properties: Readonly<Record<string, PropertyValue>>,
): BrokerMessage {
  return {
    ...message,
    applicationProperties: Object.freeze({ ...message.applicationProperties, ...properties }),
  };
}
