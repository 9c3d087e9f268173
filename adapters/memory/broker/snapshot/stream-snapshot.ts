import { createHub, type Hub, type Partition } from "../stream/hub.js";
import type { ProducerState } from "../stream/idempotent-publisher.js";
import { firstSequenceNumber, type PartitionLog } from "../stream/partition-log.js";
import { StreamEvent } from "../stream/stream-event.js";
import { expectExpiry, type StreamState } from "../stream/stream-state.js";

/** Every hub with its events, consumer groups and idempotent producers. Shares the messages: nobody may change them. */
export interface StreamSnapshot {
  readonly hubs: readonly HubSnapshot[];
}

interface HubSnapshot {
  readonly name: string;
  readonly createdMs: number;
  readonly retentionMs: number;
  readonly maxBatchBytes: number;
  readonly roundRobin: number;
  readonly groups: readonly string[];
  readonly partitions: readonly PartitionSnapshot[];
}

interface PartitionSnapshot {
  readonly nextSequenceNumber: number;
  readonly nextPosition: number;
  readonly lastPosition: number;
  readonly lastEnqueuedTimeMs: number;
  /** In order; their numbers end before `nextSequenceNumber`. */
  readonly events: readonly EventSnapshot[];
  readonly producers: readonly Omit<ProducerState, "holder">[];
}

type EventSnapshot = Pick<StreamEvent, "message" | "position" | "enqueuedTimeMs" | "partitionKey">;

/** What the engine holds now. Readers and attached publishers are not part of it. */
export function snapshotStreams({ hubs }: StreamState): StreamSnapshot {
  return { hubs: Array.from(hubs.values(), snapshotHub) };
}

/** Fills an empty engine, whose clock must show the moment of the snapshot. */
export function restoreStreams(state: StreamState, snapshot: StreamSnapshot): void {
  for (const saved of snapshot.hubs) {
    const hub = restoreHub(saved);
    state.hubs.set(hub.name.toLowerCase(), hub);
    // Sweeping early costs a look: the oldest event may be as old as the retention.
    expectExpiry(state, hub);
  }
}

function snapshotHub(hub: Hub): HubSnapshot {
  const { name, createdMs, retentionMs, maxBatchBytes, roundRobin, groups, partitions } = hub;
  return {
    name,
    createdMs,
    retentionMs,
    maxBatchBytes,
    roundRobin,
    groups: Array.from(groups.values(), (group) => group.name),
    partitions: partitions.map(snapshotPartition),
  };
}

function snapshotPartition({ log, producers }: Partition): PartitionSnapshot {
  const { nextSequenceNumber, nextPosition, lastPosition, lastEnqueuedTimeMs } = log;
  const events = log.events.slice(log.head);
  return {
    nextSequenceNumber,
    nextPosition,
    lastPosition,
    lastEnqueuedTimeMs,
    events: events.map(({ message, position, enqueuedTimeMs, partitionKey }) => ({
      message,
      position,
      enqueuedTimeMs,
      partitionKey,
    })),
    producers: Array.from(producers.values(), ({ holder: _, ...rest }) => rest),
  };
}

function restoreHub(saved: HubSnapshot): Hub {
  const { name, createdMs, retentionMs, maxBatchBytes } = saved;
  const options = { partitions: saved.partitions.length, retentionMs, maxBatchBytes };
  const hub = createHub(name, options, createdMs);
  hub.roundRobin = saved.roundRobin;
  for (const group of saved.groups) hub.groups.set(group.toLowerCase(), { name: group });
  saved.partitions.forEach((partition, index) => {
    const target = hub.partitions[index];
    if (target !== undefined) restorePartition(target, partition);
  });
  return hub;
}

function restorePartition({ log, producers }: Partition, saved: PartitionSnapshot): void {
  const { nextSequenceNumber, nextPosition, lastPosition, lastEnqueuedTimeMs } = saved;
  Object.assign(log, { nextSequenceNumber, nextPosition, lastPosition, lastEnqueuedTimeMs });
  log.events = restoredEvents(log, saved.events);
  for (const producer of saved.producers) {
    producers.set(producer.producerGroupId, { ...producer, holder: undefined });
  }
}

function restoredEvents(log: PartitionLog, saved: readonly EventSnapshot[]): StreamEvent[] {
  const first = firstSequenceNumber(log) - saved.length;
  return saved.map(
    ({ message, position, enqueuedTimeMs, partitionKey }, index) =>
      new StreamEvent(message, log.partitionId, first + index, position, enqueuedTimeMs, partitionKey),
  );
}
