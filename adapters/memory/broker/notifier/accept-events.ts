import { BrokerError } from "../broker-error.js";
import { cloudEventComplaint } from "./cloud-event.js";
import { eventGridEventComplaint, filledIn } from "./event-grid-event.js";
import { isJsonObject, textMember, type JsonValue } from "./json.js";
import type { AcceptedEvent, Topic } from "./topic.js";

/** One event as it arrived: its own text and what that text says. */
export interface IncomingEvent {
  readonly json: string;
  readonly value: JsonValue;
}

/** Bytes of one event and of one request. Source: Event Grid limits. */
export const maxRequestBytes = 1_048_576;

const maxEvents = { custom: 5_000, namespace: 1_000 };

/**
 * Checks the events of one request, all or nothing, and fixes their text.
 * @throws {BrokerError} `badRequest` for an event that is not valid or too many of them, `tooLarge` for too many bytes.
 */
export function acceptEvents(
  topic: Topic,
  incoming: readonly IncomingEvent[],
  publishedMs: number,
): readonly AcceptedEvent[] {
  const limit = maxEvents[topic.kind];
  if (incoming.length > limit) {
    throw new BrokerError(
      "badRequest",
      `A request has at most ${limit} events, not ${incoming.length}: send fewer.`,
    );
  }
  const accepted = incoming.map((event, index) => accept(topic, event, index, publishedMs));
  const bytes = accepted.reduce((sum, event) => sum + event.stored.sizeBytes + 1, 1);
  if (bytes > maxRequestBytes) {
    throw new BrokerError(
      "tooLarge",
      `A request has at most ${maxRequestBytes} bytes, not ${bytes}: send fewer events.`,
    );
  }
  return accepted;
}

function accept(topic: Topic, incoming: IncomingEvent, index: number, publishedMs: number): AcceptedEvent {
  const { value } = incoming;
  if (!isJsonObject(value)) throw new BrokerError("badRequest", `Event ${index} must be a JSON object.`);
  const isGrid = topic.schema === "eventGrid";
  const complaint = isGrid ? eventGridEventComplaint(value, topic.resourceId) : cloudEventComplaint(value);
  if (complaint !== undefined) throw new BrokerError("badRequest", `Event ${index}: ${complaint}`);
  const filled = isGrid ? filledIn(value, topic.resourceId) : value;
  const json = isGrid ? JSON.stringify(filled) : incoming.json;
  const stored = {
    id: textMember(value, "id") ?? "",
    json,
    sizeBytes: Buffer.byteLength(json),
    publishedMs,
    dataVersion: isGrid ? textMember(value, "dataVersion") : undefined,
  };
  return { stored, value: filled };
}
