import type { BrokerMessage } from "../../../../adapters/memory/broker/message.js";
import type { SenderOptions } from "../../../../adapters/memory/broker/messaging-door.js";
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
 * A message that the broker refuses is rejected with the broker's reason, and the link stays; it ends by a batch without a
 * message, and when the entity is gone or takes no more messages.
 * @throws {BrokerError} what the link is to be refused with
 */
export function acceptIncoming(visit: Visit, request: LinkRequest, address: string): void {
  const { namespace } = visit;
  const rights = visit.rightsOn(address);
  const handler = new IncomingLink(visit, address);
  const maxMessageSize = namespace.enter(() => {
    handler.begin(rights === undefined ? {} : { rights });
    return maxMessageBytes(visit, address);
  });
  handler.serve(request.acceptAsReceiver(handler, { maxMessageSize }), maxMessageSize);
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
  #maxBytes = 0;
  #link: ReceiverLink | undefined;
  #leave: () => void = () => undefined;

  constructor(visit: Visit, address: string) {
    this.#visit = visit;
    this.#address = address;
  }

  /** @throws {BrokerError} what the link is to be refused with */
  begin(options: SenderOptions): void {
    this.#leave = this.#visit.namespace.broker.attachSender(this.#address, {
      ...options,
      onDetach: (error) => {
        this.#link?.detach(refusalOf(error));
      },
    });
  }

  serve(link: ReceiverLink, maxBytes: number): void {
    this.#link = link;
    this.#maxBytes = maxBytes;
    link.grant(window);
  }

  message(link: ReceiverLink, delivery: IncomingDelivery): void {
    const error = this.#store(delivery);
    delivery.settle(error === undefined ? { type: "accepted" } : { type: "rejected", error });
    if (error?.condition === "amqp:link:detach-forced") {
      this.#leave();
      link.detach(error);
    } else if (link.credit < window / 2) link.grant(window - link.credit);
  }

  detached(): void {
    this.#leave();
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
