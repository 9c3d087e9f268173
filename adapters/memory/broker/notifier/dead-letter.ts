import { isJsonObject, type JsonObject, type JsonValue } from "./json.js";

/** An event that a subscription gave up. {@link deadLetterRecord} makes what Event Grid writes to the blob. */
export interface DeadLetter {
  readonly topic: string;
  readonly subscription: string;
  /** Which of the three shapes the record has. */
  readonly format: "eventGrid" | "cloudEvents" | "namespace";
  readonly reason: string;
  readonly eventId: string;
  readonly eventJson: string;
  /** Attempts made, from 0 for an event that expired before anybody received it. */
  readonly deliveryAttempts: number;
  /** Outcome of the last attempt, such as `NotFound` or `TimedOut`. */
  readonly lastDeliveryOutcome: string;
  readonly lastHttpStatusCode?: number;
  readonly publishedMs: number;
  /** Undefined if no attempt was made. */
  readonly lastAttemptMs: number | undefined;
}

/**
 * Receives what a subscription gives up; must not throw. `false` means 'cannot store now': the notifier tries again
 * later, for four hours (custom topics) or two days (namespaces), and then drops the event.
 */
export type DeadLetterSink = (letter: DeadLetter) => boolean | undefined;

/** Reasons with the spelling of custom topics. The two `Undeliverable…` for 401, 403 and 413 are an assumption. */
export const pushReasons = {
  attempts: "MaxDeliveryAttemptsExceeded",
  expired: "TimeToLiveExceeded",
  badRequest: "UndeliverableDueToHttpBadRequest",
  clientError: "UndeliverableDueToClientError",
} as const;

/** Reasons with the spelling of namespaces. `expired` is an assumption; the other two are documented. */
export const namespaceReasons = {
  attempts: "Maximum delivery attempts was exceeded.",
  expired: "Time to live was exceeded.",
  clientError: "Undeliverable due to client error",
} as const;

/**
 * The record that Event Grid stores: the event with five or six members added (custom topics; lower case for
 * CloudEvents), or the event beside its `deadLetterProperties` (namespaces). Sources: delivery-and-retry.md,
 * dead-letter-event-subscriptions-namespace-topics.md.
 */
export function deadLetterRecord(letter: DeadLetter): JsonObject {
  const event = parseEvent(letter.eventJson);
  if (letter.format === "namespace") return { deadLetterProperties: namespaceProperties(letter), event };
  const properties = customProperties(letter);
  if (letter.format === "eventGrid") return { ...event, ...properties };
  const lowerCased = Object.entries(properties).map(([name, value]) => [name.toLowerCase(), value] as const);
  return { ...event, ...Object.fromEntries(lowerCased) };
}

function parseEvent(json: string): JsonObject {
  const event = JSON.parse(json) as JsonValue;
  return isJsonObject(event) ? event : {};
}

function namespaceProperties(letter: DeadLetter): JsonObject {
  return {
    deadletterreason: letter.reason,
    deliveryattempts: letter.deliveryAttempts,
    deliveryresult: letter.lastDeliveryOutcome,
    publishutc: isoTime(letter.publishedMs),
    deliveryattemptutc: letter.lastAttemptMs === undefined ? null : isoTime(letter.lastAttemptMs),
  };
}

function customProperties(letter: DeadLetter): JsonObject {
  return {
    deadLetterReason: letter.reason,
    deliveryAttempts: letter.deliveryAttempts,
    lastDeliveryOutcome: letter.lastDeliveryOutcome,
    ...(letter.lastHttpStatusCode === undefined ? {} : { lastHttpStatusCode: letter.lastHttpStatusCode }),
    publishTime: isoTime(letter.publishedMs),
    lastDeliveryAttemptTime: letter.lastAttemptMs === undefined ? null : isoTime(letter.lastAttemptMs),
  };
}

function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}
