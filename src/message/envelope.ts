/** A value that an AMQP application property or a CloudEvents attribute can carry. */
export type HeaderValue = string | number | boolean;

/**
 * A message as it travels: encoded, with everything a receiver needs to decode it.
 *
 * `docs/wire-format.md` says how each field is spelled on each transport.
 */
export interface Envelope {
  /** The CloudEvents id that the first sender set: the same on every redelivery, retry copy, dead letter and redrive. */
  readonly id: string;
  /** The broker's message id where it differs from `id`: retry copies have one of their own. */
  readonly brokerId?: string;
  /** CloudEvents source: who sent it. */
  readonly source: string;
  /** The message type; empty on a foreign message that names none. */
  readonly type: string;
  /** The version of the message type; absent on a foreign message that names none. */
  readonly version?: number;
  /** The ordering key: session id or partition key, and CloudEvents subject. */
  readonly key?: string;
  /** When the first sender made it, RFC 3339. */
  readonly time?: string;
  readonly dataSchema?: string;
  readonly contentType?: string;
  readonly correlationId?: string;
  /** The id of the message whose handling sent this one. */
  readonly causationId?: string;
  readonly replyTo?: string;
  readonly traceparent?: string;
  readonly tracestate?: string;
  /** Milliseconds that it stays deliverable after it was enqueued. */
  readonly ttlMs?: number;
  /** What the application added: names of 1 to 128 characters. No prototype. */
  readonly headers: Readonly<Record<string, HeaderValue>>;
  /** What Waybill carries along from attempt to attempt. */
  readonly history: DeliveryHistory;
  /** CloudEvents extensions that this version of Waybill does not know: kept on every copy. No prototype. */
  readonly extensions: Readonly<Record<string, HeaderValue>>;
  /** CloudEvents dataref: where the data is, if not in {@link body}. Of Waybill's only beside the next two. */
  readonly dataRef?: string;
  /** The size of the data that `dataRef` names, in bytes. */
  readonly dataBytes?: number;
  /** The SHA-256 of the data that `dataRef` names, in lower-case hexadecimal. */
  readonly dataSha256?: string;
  /** The encoded data, empty if `dataRef` names it: never changed after it was encoded, never re-encoded on a copy. */
  readonly body: Uint8Array;
}

/** What has happened to a message so far; it travels in the message, so it survives crashes and scale-out. */
export interface DeliveryHistory {
  /** Handler runs that earlier copies of this message have spent. */
  readonly attempts?: number;
  /** Broker deliveries of this copy that spent no attempt. */
  readonly uncounted?: number;
  /** When a handler first failed on it, RFC 3339. */
  readonly firstFailedAt?: string;
  /** How many times it has been redriven from a dead-letter queue. */
  readonly redrives?: number;
  /** The one subscription (of a topic) or consumer group that this copy is for; the others skip it. */
  readonly addressedTo?: string;
}

/** Why a message lies in a dead-letter queue: the only spelling on the wire. */
export type DeadLetterReason =
  | "MaxAttempts"
  | "Permanent"
  | "Undecodable"
  | "SchemaInvalid"
  | "UnknownMessageType"
  | "UnknownVersion"
  | "IdempotencyKeyReuse"
  | "CrashLoop"
  | "Expired"
  | "TooLarge"
  | "Manual"
  | "BrokerMaxDelivery"
  | "BrokerExpired";

/** What a dead letter says of its end. Every string is bounded and free of control characters. */
export interface DeadLetterRecord {
  readonly reason: DeadLetterReason;
  /** One line for a person. */
  readonly description: string;
  readonly errorName?: string;
  readonly errorCode?: string;
  readonly errorStack?: string;
  /** Handler runs in all. */
  readonly attempts: number;
  readonly deliveryCount: number;
  /** The service that gave up. */
  readonly consumer: string;
  /** Where it was read: a channel, with its subscription, group or listener. */
  readonly from: string;
  /** RFC 3339. */
  readonly at: string;
  readonly firstFailedAt?: string;
}
