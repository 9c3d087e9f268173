import { BrokerError } from "../../../../adapters/memory/broker/broker-error.js";
import type { BrokerMessage } from "../../../../adapters/memory/broker/message.js";
import { batchTooLarge } from "../../../../adapters/memory/broker/stream/stream-errors.js";
import type { Visit } from "../door.js";
import type {
  AmqpError,
  AmqpValue,
  IncomingDelivery,
  LinkRequest,
  ReceiverHandler,
  ReceiverLink,
} from "../engine/engine.js";
import { decodeMessage } from "../message/decode-message.js";
import { MalformedMessage } from "../message/malformed-message.js";
import { pairsOf } from "../message/property-pairs.js";
import { absent, scanSections } from "../message/sections.js";
import { readString } from "../message/simple-value.js";
import { batchFormat, splitBatch } from "../message/split-batch.js";
import { offered } from "./capabilities.js";

export interface PublisherLinkOptions {
  readonly hub: string;
  /** Stores a batch; the key is that of its envelope, if its events have none. @throws {BrokerError} */
  readonly publish: (events: readonly BrokerMessage[], key: string | undefined) => void;
  readonly capabilities?: readonly string[];
  /** Of the attach reply. */
  readonly properties?: ReadonlyMap<string, AmqpValue>;
  readonly detached?: () => void;
}

/**
 * Accepts a link on which events come, in batches or alone; each is answered by what became of it. The limit on a
 * publication is told to the client and holds for its encoded size.
 */
export function acceptPublisher(
  visit: Visit,
  request: LinkRequest,
  options: PublisherLinkOptions,
): ReceiverLink {
  const { namespace } = visit;
  const { maxBatchBytes } = namespace.streams.hubProperties(options.hub);
  const handler = new PublisherLink(visit, options, maxBatchBytes);
  const link = request.acceptAsReceiver(handler, {
    maxMessageSize: maxBatchBytes,
    offeredCapabilities: offered(request, ...(options.capabilities ?? [])),
    ...(options.properties === undefined ? {} : { properties: options.properties }),
  });
  // A client without credit sleeps for a second (`@azure/event-hubs` 6.0.4), so it never is to run out.
  link.grant(window);
  return link;
}

const window = 1_000;

class PublisherLink implements ReceiverHandler {
  readonly #visit: Visit;
  readonly #options: PublisherLinkOptions;
  readonly #maxBytes: number;

  constructor(visit: Visit, options: PublisherLinkOptions, maxBytes: number) {
    this.#visit = visit;
    this.#options = options;
    this.#maxBytes = maxBytes;
  }

  message(link: ReceiverLink, delivery: IncomingDelivery): void {
    const error = this.#store(delivery);
    delivery.settle(error === undefined ? { type: "accepted" } : { type: "rejected", error });
    if (error?.condition === "amqp:not-found") link.detach(error);
    else if (link.credit < window / 2) link.grant(window - link.credit);
  }

  detached(): void {
    this.#options.detached?.();
  }

  /** Returns why not, if the events were not stored. */
  #store({ payload, format }: IncomingDelivery): AmqpError | undefined {
    try {
      if (payload.length > this.#maxBytes) throw batchTooLarge(payload.length, this.#maxBytes);
      const parts = format === batchFormat ? splitBatch(payload) : [payload];
      const events = parts.map((part) => decodeMessage(part, this.#visit.clock));
      const keyed = format !== batchFormat || events[0]?.partitionKey !== undefined;
      const key = keyed ? undefined : envelopeKey(payload);
      this.#visit.namespace.enter(() => {
        this.#options.publish(events, key);
      });
      return undefined;
    } catch (error) {
      if (error instanceof BrokerError) return { condition: error.condition, description: error.message };
      if (error instanceof MalformedMessage)
        return { condition: "amqp:decode-error", description: error.message };
      throw error;
    }
  }
}

/** Microsoft's clients write the key on the envelope and on every event; others may on the envelope alone. */
function envelopeKey(payload: Buffer): string | undefined {
  const at = scanSections(payload).messageAnnotations;
  if (at === absent) return undefined;
  const pair = pairsOf(payload, at).find(({ name }) => name === "x-opt-partition-key");
  return pair === undefined ? undefined : readString(payload, pair.value);
}
