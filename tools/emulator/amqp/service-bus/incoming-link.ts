import type { BrokerMessage } from "../../../../adapters/memory/broker/message.js";
import { tooLarge } from "../../../../adapters/memory/broker/refusals.js";
import type { Visit } from "../door.js";
import type {
  AmqpError,
  IncomingDelivery,
  LinkRequest,
  ReceiverHandler,
  ReceiverLink,
} from "../engine/engine.js";
import { findEntity } from "../entity-path.js";
import { decodeMessage } from "../message/decode-message.js";
import { batchFormat, splitBatch } from "../message/split-batch.js";
import { refusalOf } from "./refusal.js";

/**
 * Accepts a link on which a client sends messages, alone or in batches, to a queue or topic.
 *
 * A message that the broker refuses is rejected with the broker's reason, and the link stays; only when the entity is gone
 * or disabled, or a batch is empty, the link ends.
 * @throws {BrokerError} what the link is to be refused with
 */
export function acceptIncoming(visit: Visit, request: LinkRequest, address: string): void {
  const { namespace } = visit;
  const rights = visit.rightsOn(address);
  const maxMessageSize = namespace.enter(() => {
    namespace.broker.attachSender(address, rights === undefined ? {} : { rights });
    return maxMessageBytes(visit, address);
  });
  const handler = new IncomingLink(visit, address, maxMessageSize);
  request.acceptAsReceiver(handler, { maxMessageSize }).grant(window);
}

/** A client of Microsoft's without credit sleeps for a second: it should never run out (amqp-wire.md 1). */
const window = 1_000;

function maxMessageBytes({ namespace }: Visit, address: string): number {
  const { broker } = namespace;
  const entity = findEntity(namespace, address);
  const name = entity?.name ?? address;
  return (entity?.kind === "topic" ? broker.getTopic(name) : broker.getQueue(name)).maxMessageSizeBytes;
}

class IncomingLink implements ReceiverHandler {
  readonly #visit: Visit;
  readonly #address: string;
  readonly #maxBytes: number;

  constructor(visit: Visit, address: string, maxBytes: number) {
    this.#visit = visit;
    this.#address = address;
    this.#maxBytes = maxBytes;
  }

  message(link: ReceiverLink, delivery: IncomingDelivery): void {
    const error = this.#store(delivery);
    delivery.settle(error === undefined ? { type: "accepted" } : { type: "rejected", error });
    if (error !== undefined && endsLink.has(error.condition)) link.detach(error);
    else if (link.credit < window / 2) link.grant(window - link.credit);
  }

  detached(): void {
    // Nothing of a sender's outlives its link, so nothing has to be given back.
  }

  /** Returns why not, if the messages were not stored. */
  #store({ payload, format }: IncomingDelivery): AmqpError | undefined {
    try {
      if (payload.length > this.#maxBytes) throw tooLarge(payload.length, this.#maxBytes);
      const messages = this.#decode(payload, format);
      const { namespace } = this.#visit;
      namespace.enter(() => namespace.broker.send(this.#address, messages));
      return undefined;
    } catch (error) {
      return refusalOf(error);
    }
  }

  #decode(payload: Buffer, format: number): BrokerMessage[] {
    const { clock } = this.#visit;
    if (format !== batchFormat) return [decodeMessage(payload, clock)];
    return splitBatch(payload).map((member) => decodeMessage(member, clock));
  }
}

const endsLink: ReadonlySet<string> = new Set([
  "amqp:not-found",
  "com.microsoft:entity-disabled",
  "amqp:link:detach-forced",
]);
