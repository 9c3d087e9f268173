import type { WaybillError } from "../../src/transport/index.js";
import {
  fromAmqp,
  isWaybillError,
  type BrokerFacts,
  type Delivery,
  type Envelope,
} from "../../src/transport/index.js";
import type { Delivery as BrokerDelivery } from "./broker/delivery.js";
import type { BrokerMessage } from "./broker/message.js";
import type { Receiver as BrokerReceiver } from "./broker/receiver.js";

/** A delivery of a queue or subscription: what costs something is made when somebody asks for it. */
export class MessageDelivery implements Delivery {
  readonly envelope: Envelope;
  readonly defect?: WaybillError;
  readonly lane: string | undefined;
  readonly native: BrokerDelivery;
  /** Which receiver took it, and may settle it. */
  readonly receiver: BrokerReceiver;

  constructor(native: BrokerDelivery, receiver: BrokerReceiver, lane: string | undefined) {
    const message = asReceived(native);
    const { envelope, defect } = readMessage(message, message.messageId ?? String(native.sequenceNumber));
    this.envelope = envelope;
    if (defect !== undefined) this.defect = defect;
    this.lane = lane;
    this.native = native;
    this.receiver = receiver;
  }

  get deliveryCount(): number {
    return this.native.deliveryCount + 1;
  }

  get lockedUntilMs(): number | undefined {
    return this.native.lockedUntilMs;
  }

  get broker(): BrokerFacts {
    return factsOf(this.native);
  }
}

/** Whether `native` of a delivery is a message of the in-memory broker's queues and topics. */
export const isMemoryDelivery = (native: unknown): native is MemoryDelivery =>
  typeof native === "object" && native !== null && "sequenceNumber" in native && "message" in native;

/** The in-memory broker's own message: `msg.native` of a queue or topic. */
export interface MemoryDelivery {
  readonly message: BrokerMessage;
  readonly sequenceNumber: number;
  /** Earlier attempts that failed: 0 at first, as on the wire. */
  readonly deliveryCount: number;
  readonly enqueuedTimeMs: number;
}

export const factsOf = ({ message, sequenceNumber, enqueuedTimeMs }: MemoryDelivery): BrokerFacts => ({
  messageId: message.messageId ?? "",
  sequenceNumber: String(sequenceNumber),
  enqueuedAtMs: enqueuedTimeMs,
});

/**
 * Reads a stored message. The body is a copy: what a handler does to its bytes, no other receiver sees.
 *
 * What cannot be read in full becomes a defect, beside an envelope of what can.
 */
export function readMessage(
  message: BrokerMessage,
  fallbackId: string,
): { readonly envelope: Envelope; readonly defect?: WaybillError } {
  try {
    return { envelope: withOwnBody(fromAmqp(message, fallbackId)) };
  } catch (error) {
    if (!isWaybillError(error)) throw error;
    const { messageId, body, subject, contentType } = message;
    // The read that cannot fail: without properties.
    return {
      envelope: withOwnBody(fromAmqp({ messageId, body, subject, contentType }, fallbackId)),
      defect: error,
    };
  }
}

/** With the time to live that counts, after the entity's limit. */
function asReceived({ message, expiresAtMs, enqueuedTimeMs }: BrokerDelivery): BrokerMessage {
  if (expiresAtMs === undefined || expiresAtMs - enqueuedTimeMs === message.timeToLiveMs) return message;
  return { ...message, timeToLiveMs: expiresAtMs - enqueuedTimeMs };
}

const withOwnBody = (envelope: Envelope): Envelope =>
  Object.assign(envelope, { body: Buffer.from(envelope.body) });
