import type { ServiceBusReceivedMessage } from "@azure/service-bus";
import {
  fromAmqp,
  isWaybillError,
  type BrokerFacts,
  type Delivery,
  type Envelope,
  WaybillError,
} from "../../src/transport/index.js";

/** A delivery of a queue or subscription. */
export class MessageDelivery implements Delivery {
  readonly envelope: Envelope;
  readonly defect?: WaybillError;
  readonly lane: string | undefined;
  readonly deliveryCount: number;
  readonly broker: BrokerFacts;
  readonly native: ServiceBusReceivedMessage;
  readonly #lockedUntilMs: () => number | undefined;

  constructor(
    native: ServiceBusReceivedMessage,
    lane: string | undefined,
    lockedUntilMs: () => number | undefined = () => native.lockedUntilUtc?.getTime(),
  ) {
    const broker = factsOf(native);
    const { envelope, defect } = readMessage(native, broker.sequenceNumber ?? "");
    this.envelope = envelope;
    if (defect !== undefined) this.defect = defect;
    this.lane = lane;
    this.deliveryCount = (native.deliveryCount ?? 0) + 1;
    this.broker = broker;
    this.native = native;
    this.#lockedUntilMs = lockedUntilMs;
  }

  get lockedUntilMs(): number | undefined {
    return this.#lockedUntilMs();
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

export function factsOf({
  messageId,
  sequenceNumber,
  enqueuedTimeUtc,
}: ServiceBusReceivedMessage): BrokerFacts {
  return {
    messageId: textOfId(messageId),
    ...(sequenceNumber === undefined ? {} : { sequenceNumber: sequenceNumber.toString() }),
    ...(enqueuedTimeUtc === undefined ? {} : { enqueuedAtMs: enqueuedTimeUtc.getTime() }),
  };
}

/** Reads a message. What cannot be read in full becomes a defect, beside an envelope of what can. */
export function readMessage(
  native: ServiceBusReceivedMessage,
  fallbackId: string,
): { readonly envelope: Envelope; readonly defect?: WaybillError } {
  const { messageId, contentType, subject, sessionId, partitionKey, correlationId, replyTo } = native;
  const bytes = bytesOf(native.body);
  const basic = { messageId, body: bytes ?? new Uint8Array(), subject, contentType };
  try {
    return {
      ...(bytes === undefined ? { defect: tooDeep() } : {}),
      envelope: fromAmqp(
        {
          ...basic,
          sessionId,
          partitionKey,
          correlationId,
          replyTo,
          timeToLiveMs: native.timeToLive,
          applicationProperties: native.applicationProperties,
        },
        fallbackId,
      ),
    };
  } catch (error) {
    if (!isWaybillError(error)) throw error;
    // The read that cannot fail: without properties.
    return { envelope: fromAmqp(basic, fallbackId), defect: error };
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
