import { BrokerError } from "../../../../adapters/memory/broker/broker-error.js";
import type { Visit } from "../door.js";
import { int, long, strings } from "../engine/codec.js";
import type { AmqpValue } from "../engine/engine.js";
import type { NodeRequest, NodeResponse } from "../node-message.js";
import { operations, type Answer } from "../request-reply.js";

/** The `$management` node of Event Hubs: properties of hubs and of partitions, by the operation READ. */
export function hubManagement(visit: Visit): Answer {
  return operations(new Map([["READ", (request) => read(visit, request)]]));
}

function read(visit: Visit, request: NodeRequest): NodeResponse {
  const hub = textProperty(request, "name");
  const type = textProperty(request, "type");
  const rights = visit.rightsOn(`${hub}/$management`);
  if (rights?.length === 0) {
    throw new BrokerError(
      "amqp:unauthorized-access",
      `Unauthorized access. 'Listen' claim(s) are required to perform this operation. Resource: '${hub}/$management'.`,
    );
  }
  visit.needHub(hub);
  switch (type) {
    case "com.microsoft:eventhub":
      return { statusCode: 200, statusDescription: "OK", body: hubBody(visit, hub) };
    case "com.microsoft:partition": {
      const partitionId = textProperty(request, "partition");
      return { statusCode: 200, statusDescription: "OK", body: partitionBody(visit, hub, partitionId) };
    }
    default:
      throw invalid("type", "'com.microsoft:eventhub' or 'com.microsoft:partition'");
  }
}

function hubBody({ namespace, clock }: Visit, hub: string): AmqpValue {
  const { name, createdMs, partitionIds } = namespace.enter(() => namespace.streams.hubProperties(hub));
  return new Map<AmqpValue, AmqpValue>([
    ["name", name],
    ["type", "com.microsoft:eventhub"],
    ["created_at", new Date(clock.toWire(createdMs))],
    ["partition_count", int(partitionIds.length)],
    ["partition_ids", strings(partitionIds)],
    ["georeplication_factor", int(1)],
  ]);
}

function partitionBody({ namespace, clock }: Visit, hub: string, partitionId: string): AmqpValue {
  const { name, partition } = namespace.enter(() => ({
    name: namespace.streams.hubProperties(hub).name,
    partition: namespace.streams.partitionProperties(hub, partitionId),
  }));
  const { lastEnqueuedTimeMs } = partition;
  return new Map<AmqpValue, AmqpValue>([
    ["name", name],
    ["type", "com.microsoft:partition"],
    ["partition", partition.partitionId],
    ["begin_sequence_number", long(partition.beginningSequenceNumber)],
    ["last_enqueued_sequence_number", long(partition.lastEnqueuedSequenceNumber)],
    ["last_enqueued_offset", partition.lastEnqueuedOffset],
    [
      "last_enqueued_time_utc",
      new Date(lastEnqueuedTimeMs === undefined ? 0 : clock.toWire(lastEnqueuedTimeMs)),
    ],
    ["is_partition_empty", partition.isEmpty],
  ]);
}

function textProperty({ applicationProperties }: NodeRequest, name: string): string {
  const value = applicationProperties.get(name);
  if (typeof value === "string") return value;
  throw invalid(name, "text");
}

function invalid(name: string, wanted: string): BrokerError {
  return new BrokerError(
    "com.microsoft:argument-error",
    `The application property '${name}' of the request must be ${wanted}.`,
  );
}
