import type { BrokerMessage } from "../../../../adapters/memory/broker/message.js";

/** The fields of a message that hold text. */
export type TextField =
  | "messageId"
  | "to"
  | "subject"
  | "replyTo"
  | "correlationId"
  | "contentType"
  | "sessionId"
  | "replyToSessionId";

/**
 * The fields of the properties section by their position (AMQP 1.0 part 3, 3.2.4); undefined for those that the broker
 * does not know: user-id, content-encoding, the two times and group-sequence.
 */
export const propertyFields: readonly (TextField | undefined)[] = [
  "messageId",
  undefined,
  "to",
  "subject",
  "replyTo",
  "correlationId",
  "contentType",
  undefined,
  undefined,
  undefined,
  "sessionId",
  undefined,
  "replyToSessionId",
];

export const absoluteExpiryTime = 8;
export const creationTime = 9;

/** A message that is being put together. */
export type MessageDraft = { -readonly [K in keyof BrokerMessage]: BrokerMessage[K] };
