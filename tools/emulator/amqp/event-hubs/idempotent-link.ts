import { BrokerError } from "../../../../adapters/memory/broker/broker-error.js";
import type { BrokerMessage } from "../../../../adapters/memory/broker/message.js";
import type {
  PublisherOptions,
  StreamPublisher,
} from "../../../../adapters/memory/broker/stream/idempotent-publisher.js";
import type { Visit } from "../door.js";
import { int, long, short } from "../engine/codec.js";
import type { AmqpValue, LinkRequest } from "../engine/engine.js";
import { pairsOf } from "../message/property-pairs.js";
import { absent, scanSections } from "../message/sections.js";
import { readSimple } from "../message/simple-value.js";
import { wireOf } from "../message/wire-message.js";
import { idempotentProducer } from "./capabilities.js";
import { acceptPublisher } from "./publisher-link.js";

// Names and types as `@azure/event-hubs` 6.0.4 writes and reads them (eventHubSender.js, eventData.js).
const ownerLevel = "com.microsoft:producer-epoch";
const producerGroupId = "com.microsoft:producer-id";
const sequenceNumber = "com.microsoft:producer-sequence-number";

/**
 * Attaches an idempotent producer to a partition. What it asks for as properties of the link is answered by what it got;
 * each event then carries its number as an annotation.
 *
 * @throws {BrokerError} as the engine's `openPublisher`
 */
export function attachIdempotentLink(
  visit: Visit,
  request: LinkRequest,
  hub: string,
  partitionId: string,
): void {
  const { namespace } = visit;
  const publisher = namespace.enter(() =>
    namespace.streams.openPublisher(hub, publisherOptions(request, partitionId)),
  );
  const link = acceptPublisher(visit, request, {
    hub,
    capabilities: [idempotentProducer],
    properties: replyProperties(publisher),
    publish: (events) => {
      publisher.publish(events, firstNumber(events));
    },
    detached: () => {
      publisher.close();
    },
  });
  publisher.onDetach((error) => {
    link.detach({ condition: error.condition, description: error.message });
  });
}

function publisherOptions({ properties }: LinkRequest, partitionId: string): PublisherOptions {
  const level = numberOf(properties.get(ownerLevel));
  const group = numberOf(properties.get(producerGroupId));
  const starting = numberOf(properties.get(sequenceNumber));
  return {
    partitionId,
    ...(level === undefined ? {} : { ownerLevel: level }),
    ...(group === undefined ? {} : { producerGroupId: group }),
    ...(starting === undefined ? {} : { startingSequenceNumber: starting }),
  };
}

/** A property may be there and null: then the service is to choose. */
function numberOf(value: AmqpValue | undefined): number | undefined {
  return typeof value === "number" || typeof value === "bigint" ? Number(value) : undefined;
}

function replyProperties({ properties }: StreamPublisher): ReadonlyMap<string, AmqpValue> {
  return new Map<string, AmqpValue>([
    [ownerLevel, short(properties.ownerLevel)],
    [producerGroupId, long(properties.producerGroupId)],
    [sequenceNumber, int(properties.lastPublishedSequenceNumber)],
  ]);
}

function firstNumber([first]: readonly BrokerMessage[]): number {
  const bytes = first === undefined ? undefined : wireOf(first)?.bytes;
  const at = bytes === undefined ? absent : scanSections(bytes).messageAnnotations;
  const pairs = bytes === undefined || at === absent ? [] : pairsOf(bytes, at);
  const pair = pairs.find(({ name }) => name === sequenceNumber);
  const value = bytes === undefined || pair === undefined ? undefined : readSimple(bytes, pair.value);
  if (typeof value === "number") return value;
  throw new BrokerError(
    "com.microsoft:argument-error",
    `An event of an idempotent producer must have the annotation '${sequenceNumber}'.`,
  );
}
