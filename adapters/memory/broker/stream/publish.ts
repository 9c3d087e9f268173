import type { BrokerMessage } from "../message.js";
import { batchSizeBound, batchSizeBytes } from "./event-size.js";
import { requirePartition } from "./hub-parts.js";
import type { Hub, Partition } from "./hub.js";
import { partitionOfKey } from "./partition-hash.js";
import { appendEvent, trimLog } from "./partition-log.js";
import { batchTooLarge, invalidArgument } from "./stream-errors.js";

/** Where a batch goes. Without either: by the key that its events carry, else to the partitions in turn. */
export interface PublishTarget {
  readonly partitionId?: string;
  readonly partitionKey?: string;
}

export interface PublishReceipt {
  readonly partitionId: string;
  /** The batch has this and the numbers that follow it. */
  readonly firstSequenceNumber: number;
  readonly count: number;
}

/** Stores a batch or nothing, then wakes the readers. @throws {BrokerError} */
export function publishBatch(
  hub: Hub,
  events: readonly BrokerMessage[],
  target: PublishTarget,
  nowMs: number,
): PublishReceipt {
  if (events.length === 0) throw invalidArgument("A batch must have at least one event.");
  const key = commonKey(events, target);
  checkSize(events, hub.maxBatchBytes);
  const partition = choosePartition(hub, target.partitionId, key);
  const { log } = partition;
  trimLog(log, nowMs - hub.retentionMs);
  const firstSequenceNumber = log.nextSequenceNumber;
  for (const event of events) appendEvent(log, event, key, nowMs);
  wakeReaders(partition);
  return { partitionId: log.partitionId, firstSequenceNumber, count: events.length };
}

function commonKey(events: readonly BrokerMessage[], target: PublishTarget): string | undefined {
  const key = target.partitionKey ?? events[0]?.partitionKey;
  for (const event of events) {
    if (event.partitionKey === key) continue;
    // The target's key stands for events that carry none.
    if (event.partitionKey === undefined && target.partitionKey !== undefined) continue;
    throw invalidArgument("The events of a batch must have one partition key.");
  }
  if (key !== undefined && target.partitionId !== undefined) {
    throw invalidArgument(
      `The partitionId (${target.partitionId}) and partitionKey (${key}) cannot both be specified.`,
    );
  }
  return key;
}

function checkSize(events: readonly BrokerMessage[], limitBytes: number): void {
  if (batchSizeBound(events) <= limitBytes) return;
  const sizeBytes = batchSizeBytes(events);
  if (sizeBytes > limitBytes) throw batchTooLarge(sizeBytes, limitBytes);
}

function choosePartition(hub: Hub, partitionId: string | undefined, key: string | undefined): Partition {
  if (partitionId !== undefined) return requirePartition(hub, partitionId);
  const partition = hub.partitions[chooseIndex(hub, key)];
  if (partition === undefined) throw new RangeError("a hub has a partition for every key");
  return partition;
}

function chooseIndex(hub: Hub, key: string | undefined): number {
  const count = hub.partitions.length;
  if (key !== undefined) return partitionOfKey(key, count);
  const index = hub.roundRobin;
  hub.roundRobin = (index + 1) % count;
  return index;
}

function wakeReaders(partition: Partition): void {
  const { waiting } = partition;
  if (waiting.length === 0) return;
  // Readers that a callback makes wait again must wait for the next batch.
  partition.waiting = [];
  for (const reader of waiting) reader.arrived();
}
