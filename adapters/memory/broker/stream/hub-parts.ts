import { detachAll } from "./detach.js";
import { defaultGroup, type Group, type Hub, type Partition } from "./hub.js";
import { alreadyExists, invalidArgument, invalidPartition, notAllowed, notFound } from "./stream-errors.js";

/** The partition with exactly this id. @throws {BrokerError} `com.microsoft:argument-out-of-range` */
export function requirePartition(hub: Hub, partitionId: string): Partition {
  const partition = hub.partitions[Number(partitionId)];
  if (partition?.log.partitionId !== partitionId) throw invalidPartition(hub.partitions.length);
  return partition;
}

/** @throws {BrokerError} `amqp:not-found` */
export function requireGroup(hub: Hub, name: string): Group {
  const group = hub.groups.get(name.toLowerCase());
  if (group === undefined) throw notFound(groupAddress(hub, name));
  return group;
}

export function createGroup(hub: Hub, name: string): void {
  if (name === "" || name.length > 50) {
    throw invalidArgument("A consumer group's name must have from 1 to 50 characters.");
  }
  const key = name.toLowerCase();
  if (hub.groups.has(key)) throw alreadyExists(groupAddress(hub, name));
  hub.groups.set(key, { name });
}

export function deleteGroup(hub: Hub, name: string): void {
  const group = requireGroup(hub, name);
  if (group.name === defaultGroup)
    throw notAllowed(`The consumer group '${defaultGroup}' cannot be deleted.`);
  hub.groups.delete(name.toLowerCase());
  for (const partition of hub.partitions) detachAll(partition, notFound(groupAddress(hub, name)), group);
}

function groupAddress(hub: Hub, name: string): string {
  return `${hub.name}/ConsumerGroups/${name}`;
}
