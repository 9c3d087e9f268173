/** A value that an application property may carry: the AMQP simple types as JavaScript has them. */
export type PropertyValue = string | number | bigint | boolean | Date | Uint8Array | null;

/**
 * A message as a sender hands it to the broker and as a receiver gets it.
 *
 * The broker takes ownership without copying: after a send nobody may change the message, its body or its property
 * values, because a topic gives the same message to every subscription; it freezes it.
 */
export interface BrokerMessage {
  /** At most 128 characters. The broker fills a missing one. */
  readonly messageId?: string;
  readonly body: Uint8Array;
  readonly contentType?: string;
  readonly subject?: string;
  /** At most 128 characters. */
  readonly sessionId?: string;
  readonly partitionKey?: string;
  readonly correlationId?: string;
  readonly to?: string;
  readonly replyTo?: string;
  readonly replyToSessionId?: string;
  /** Milliseconds from the enqueued time. A value above the entity's default is lowered to it. */
  readonly timeToLiveMs?: number;
  /** Milliseconds since 1970. A time that has passed enqueues at once. */
  readonly scheduledEnqueueTimeMs?: number;
  /** At most 64 KiB in all and 32 KiB each. */
  readonly applicationProperties?: Readonly<Record<string, PropertyValue>>;
  /** What a protocol needs to give the message back as it came. The broker carries it along and never looks inside. */
  readonly wire?: object;
}
