import type { ServiceBusReceivedMessage } from "@azure/service-bus";
import {
  fromAmqp,
  isWaybillError,
  type BrokerFacts,
  type Delivery,
  type Envelope,
  WaybillError,
} from "../../src/transport/index.js";
import { numberText } from "./long.js";

/** What holds the lock of a delivery, where that is not the message itself. */
export interface LaneLock {
  readonly id: string;
  readonly lockedUntilMs: number;
}

/** A delivery of a queue or subscription. */
export class MessageDelivery implements Delivery {
  readonly envelope: Envelope;
  readonly defect?: WaybillError;
  readonly deliveryCount: number;
  readonly native: ServiceBusReceivedMessage;
  readonly broker: BrokerFacts;
  readonly #session: LaneLock | undefined;

  constructor(native: ServiceBusReceivedMessage, session: LaneLock | undefined) {
    const { envelope, defect } = readMessage(native);
    this.envelope = envelope;
    if (defect !== undefined) this.defect = defect;
    this.deliveryCount = (native.deliveryCount ?? 0) + 1;
    this.broker = factsOf(native);
    this.native = native;
    this.#session = session;
  }

  get lane(): string | undefined {
    return this.#session?.id;
  }

  get lockedUntilMs(): number | undefined {
    return this.#session === undefined ? this.native.lockedUntilUtc?.getTime() : this.#session.lockedUntilMs;
  }
}

/** @throws {WaybillError} `settleFailed` for a delivery that no receiver of this kind made. */
export function ownDelivery(delivery: Delivery): MessageDelivery {
  if (delivery instanceof MessageDelivery) return delivery;
  throw new WaybillError("settleFailed", "this is no delivery of the receiver", { class: "permanent" });
}

/** Whether `native` of a delivery is a message of `@azure/service-bus`. */
export const isServiceBusMessage = (native: unknown): native is ServiceBusReceivedMessage =>
  typeof native === "object" && native !== null && "_rawAmqpMessage" in native && "state" in native;

/** Field by field: spreads would cost more than the rest of it. */
export function factsOf({
  messageId,
  sequenceNumber,
  enqueuedTimeUtc,
}: ServiceBusReceivedMessage): BrokerFacts {
  const facts: { -readonly [Fact in keyof BrokerFacts]: BrokerFacts[Fact] } = {
    messageId: textOfId(messageId),
  };
  if (sequenceNumber !== undefined) facts.sequenceNumber = numberText(sequenceNumber);
  if (enqueuedTimeUtc !== undefined) facts.enqueuedAtMs = enqueuedTimeUtc.getTime();
  return facts;
}

/** Reads a message. What cannot be read in full becomes a defect, beside an envelope of what can. */
export function readMessage(native: ServiceBusReceivedMessage): {
  readonly envelope: Envelope;
  readonly defect?: WaybillError;
} {
  const { messageId, contentType, subject } = native;
  const bytes = bytesOf(native.body);
  const body = bytes ?? new Uint8Array();
  // The service numbers what has no id; the number of a message that has one need not be spelled.
  const named = typeof messageId === "string" && messageId !== "";
  const fallbackId = named || native.sequenceNumber === undefined ? "" : numberText(native.sequenceNumber);
  try {
    const envelope = fromAmqp(
      {
        messageId,
        body,
        subject,
        contentType,
        sessionId: native.sessionId,
        partitionKey: native.partitionKey,
        correlationId: native.correlationId,
        replyTo: native.replyTo,
        timeToLiveMs: native.timeToLive,
        applicationProperties: native.applicationProperties,
      },
      fallbackId,
    );
    return bytes === undefined ? { envelope, defect: tooDeep() } : { envelope };
  } catch (error) {
    if (!isWaybillError(error)) throw error;
    // The read that cannot fail: without properties.
    return { envelope: fromAmqp({ messageId, body, subject, contentType }, fallbackId), defect: error };
  }
}

const tooDeep = (): WaybillError =>
  new WaybillError("undecodable", "the body of the message is nested too deep to be read");

/**
 * The SDK gives a data section as bytes, as asked; a foreign sender may have used a value or a sequence instead. Nothing if a
 * value cannot be written down: what the SDK has just decoded may be nested too deep for that.
 */
function bytesOf(body: unknown): Uint8Array | undefined {
  if (body instanceof Uint8Array) return body;
  if (body === undefined || body === null) return new Uint8Array();
  try {
    return Buffer.from(typeof body === "string" ? body : JSON.stringify(body));
  } catch {
    return undefined;
  }
}

function textOfId(id: ServiceBusReceivedMessage["messageId"]): string {
  return id instanceof Uint8Array ? Buffer.from(id).toString("hex") : String(id ?? "");
}
