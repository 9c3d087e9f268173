import { memberText, WaybillError, type Envelope } from "../../src/transport/index.js";

/** An event in the Event Grid schema, as webhooks get it, also from Azure's own services. */
export interface GridEvent {
  readonly id: string;
  readonly eventType: string;
  readonly topic?: unknown;
  readonly subject?: unknown;
  readonly eventTime?: unknown;
  readonly dataVersion?: unknown;
  readonly data?: unknown;
}

export const isGridEvent = (event: unknown): event is GridEvent =>
  typeof event === "object" &&
  event !== null &&
  !("specversion" in event) &&
  "eventType" in event &&
  typeof event.eventType === "string" &&
  "id" in event;

/**
 * Reads an event in the Event Grid schema. Its topic is the source, and its version a whole number, as ours are, or none.
 *
 * @param json its text
 * @throws {WaybillError} `undecodable` without an id
 */
export function fromGridEvent(event: GridEvent, json: string): Envelope {
  if (typeof event.id !== "string" || event.id === "")
    throw new WaybillError("undecodable", "the Event Grid event has no id");
  const key = textOrNothing(event.subject);
  const time = textOrNothing(event.eventTime);
  const version = versionOf(event.dataVersion);
  const data = memberText(json, "data");
  return {
    id: event.id,
    source: textOrNothing(event.topic) ?? "",
    type: event.eventType,
    ...(key === undefined ? {} : { key }),
    ...(time === undefined ? {} : { time }),
    ...(version === undefined ? {} : { version }),
    contentType: "application/json",
    headers: none,
    history: {},
    extensions: none,
    body: Buffer.from(data ?? ""),
  };
}

/** Without a prototype: whoever asks for a header named `constructor` gets none. */
const none = Object.freeze(Object.create(null) as Envelope["headers"]);

const textOrNothing = (value: unknown): string | undefined =>
  typeof value === "string" && value !== "" ? value : undefined;

const versionOf = (value: unknown): number | undefined =>
  typeof value === "string" && /^[1-9]\d{0,8}$/.test(value) ? Number(value) : undefined;
