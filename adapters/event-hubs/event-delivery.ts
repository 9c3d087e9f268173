import type { ReceivedEventData } from "@azure/event-hubs";
import {
  fromAmqp,
  isWaybillError,
  type BrokerFacts,
  type Delivery,
  type Envelope,
  type IncomingAmqpMessage,
  WaybillError,
} from "../../src/transport/index.js";
import { isUnreadable } from "./unreadable-event.js";
import type { Tenure } from "./tenure.js";

/** A delivery of a stream: its lane is its partition. */
export class EventDelivery implements Delivery {
  readonly envelope: Envelope;
  readonly defect?: WaybillError;
  readonly lane: string;
  readonly broker: BrokerFacts;
  readonly native: ReceivedEventData;
  /** The time of ownership in which it came. */
  readonly tenure: Tenure;
  /** An event hub counts no deliveries and locks nothing. */
  readonly deliveryCount = 1;
  readonly lockedUntilMs = undefined;

  constructor(native: ReceivedEventData, tenure: Tenure, hub: string) {
    const fallbackId = `${hub}/${tenure.partition}/${String(native.sequenceNumber)}`;
    const { envelope, defect = unreadableDefect(native) } = readMessage(incomingOf(native), fallbackId);
    this.envelope = envelope;
    if (defect !== undefined) this.defect = defect;
    this.lane = tenure.partition;
    this.broker = factsOf(native, tenure.partition);
    this.native = native;
    this.tenure = tenure;
  }
}

function unreadableDefect(native: ReceivedEventData): WaybillError | undefined {
  if (isUnreadable(native))
    return new WaybillError(
      "undecodable",
      "the service's client cannot decode the event: nothing of it is here",
    );
  return bytesOf(native.body) === undefined
    ? new WaybillError(
        "undecodable",
        "the body of the event is nested too deep to be read: nothing of it is here",
      )
    : undefined;
}

/** Whether `native` of a delivery is an event of `@azure/event-hubs`. */
export const isEventHubsEvent = (native: unknown): native is ReceivedEventData =>
  typeof native === "object" && native !== null && "getRawAmqpMessage" in native && "offset" in native;

const factsOf = (native: ReceivedEventData, partition: string): BrokerFacts => ({
  messageId: textOfId(native.messageId),
  sequenceNumber: String(native.sequenceNumber),
  partition,
  offset: native.offset,
  enqueuedAtMs: native.enqueuedTimeUtc.getTime(),
});

/** The sections of the event. The SDK's own `properties` are not used: it takes bytes in them for maps. */
export function incomingOf(native: ReceivedEventData): IncomingAmqpMessage {
  const { properties, applicationProperties } = native.getRawAmqpMessage();
  return {
    messageId: native.messageId,
    body: bytesOf(native.body) ?? new Uint8Array(),
    contentType: native.contentType,
    subject: textOrNothing(properties?.subject),
    partitionKey: native.partitionKey ?? undefined,
    correlationId: native.correlationId,
    replyTo: textOrNothing(properties?.replyTo),
    applicationProperties,
  };
}

/** Reads an event. What cannot be read in full becomes a defect, beside an envelope of what can. */
export function readMessage(
  incoming: IncomingAmqpMessage,
  fallbackId: string,
): { readonly envelope: Envelope; readonly defect?: WaybillError } {
  try {
    return { envelope: fromAmqp(incoming, fallbackId) };
  } catch (error) {
    if (!isWaybillError(error)) throw error;
    const { messageId, body, subject, contentType } = incoming;
    // The read that cannot fail: without properties.
    return { envelope: fromAmqp({ messageId, body, subject, contentType }, fallbackId), defect: error };
  }
}

/**
 * The SDK gives a data section as bytes, as asked; a foreign sender may have used a value, a sequence or several sections.
 * Nothing if a value cannot be written down: what the SDK has just decoded may be nested too deep for that.
 */
function bytesOf(body: unknown): Uint8Array | undefined {
  if (body instanceof Uint8Array) return body;
  if (body === undefined || body === null) return new Uint8Array();
  if (Array.isArray(body) && body.every((part) => part instanceof Uint8Array)) return Buffer.concat(body);
  try {
    return Buffer.from(typeof body === "string" ? body : JSON.stringify(body, withoutBigInts));
  } catch {
    return undefined;
  }
}

const withoutBigInts = (_name: string, value: unknown): unknown =>
  typeof value === "bigint" ? String(value) : value;

const textOrNothing = (value: unknown): string | undefined => (typeof value === "string" ? value : undefined);

function textOfId(id: ReceivedEventData["messageId"]): string {
  return id instanceof Uint8Array ? Buffer.from(id).toString("hex") : String(id ?? "");
}
