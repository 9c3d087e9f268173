import { BrokerError } from "../../../../adapters/memory/broker/broker-error.js";
import type { DoorHandler, Visit } from "../door.js";
import type { LinkRequest } from "../engine/engine.js";
import { findEntity } from "../entity-path.js";
import type { Answer } from "../request-reply.js";
import { idempotentProducer } from "./capabilities.js";
import { parseHubPart, type HubPart } from "./hub-address.js";
import { attachIdempotentLink } from "./idempotent-link.js";
import { hubManagement } from "./management.js";
import { acceptPublisher } from "./publisher-link.js";
import { attachReaderLink } from "./reader-link.js";

/** Serves the event hubs of a namespace: publishers, readers and `$management`. */
export function eventHubsDoor(visit: Visit): DoorHandler {
  const management = hubManagement(visit);
  return {
    attach(request, address) {
      attach(visit, management, request, address);
    },
    closed: () => undefined,
  };
}

function attach(visit: Visit, management: Answer, request: LinkRequest, address: string): void {
  if (address.toLowerCase() === "$management") {
    visit.requests.attach(request, management);
    return;
  }
  const entity = findEntity(visit.namespace, address);
  const part = entity === undefined ? undefined : parseHubPart(entity.rest);
  if (entity === undefined || part === undefined) {
    throw new BrokerError("amqp:not-found", `The messaging entity '${address}' could not be found.`);
  }
  if (part.kind === "management") visit.requests.attach(request, management);
  else if (request.role === "receiver") attachPublisher(visit, request, entity.name, part);
  else if (part.kind === "reader") attachReaderLink(visit, request, { hub: entity.name, ...part });
  else throw noReader(entity.name);
}

function attachPublisher(visit: Visit, request: LinkRequest, hub: string, part: HubPart): void {
  const { namespace } = visit;
  if (part.kind === "reader") {
    throw new BrokerError(
      "amqp:not-allowed",
      "Events cannot be sent to a consumer group: send to the event hub.",
    );
  }
  const target =
    part.kind === "partition"
      ? { partitionId: part.partitionId }
      : part.kind === "publisher"
        ? // A publisher's name is the partition key of all that it sends.
          { partitionKey: part.publisher }
        : {};
  if (request.desiredCapabilities.includes(idempotentProducer)) {
    if (part.kind !== "partition") throw noPartition(hub);
    attachIdempotentLink(visit, request, hub, part.partitionId);
    return;
  }
  // A partition that does not exist is refused now, not at the first event.
  if (part.kind === "partition") {
    namespace.enter(() => namespace.streams.partitionProperties(hub, part.partitionId));
  }
  acceptPublisher(visit, request, {
    hub,
    publish: (events, key) =>
      namespace.streams.publish(hub, events, key === undefined ? target : { partitionKey: key, ...target }),
  });
}

function noReader(hub: string): BrokerError {
  return new BrokerError(
    "amqp:not-allowed",
    `An event hub is read by partition: receive from '${hub}/ConsumerGroups/<group>/Partitions/<id>'.`,
  );
}

function noPartition(hub: string): BrokerError {
  return new BrokerError(
    "com.microsoft:argument-error",
    `An idempotent producer must send to one partition: attach to '${hub}/Partitions/<id>'.`,
  );
}
