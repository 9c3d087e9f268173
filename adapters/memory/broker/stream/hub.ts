import type { PartitionReader } from "./attach-reader.js";
import type { ProducerState } from "./idempotent-publisher.js";
import { createLog, trimLog, type PartitionLog } from "./partition-log.js";
import { invalidArgument, notAllowed, outOfRange } from "./stream-errors.js";

export interface HubOptions {
  /** Fixed at creation. From 1 to 1,024. Default 4. */
  readonly partitions?: number;
  /** Milliseconds after which an event vanishes. At most 90 days. Default one hour. */
  readonly retentionMs?: number;
  /** Bytes of one publication, event or batch. Default 1,048,576; the Basic tier has 262,144. */
  readonly maxBatchBytes?: number;
}

export interface HubProperties {
  readonly name: string;
  /** Milliseconds since 1970. */
  readonly createdMs: number;
  readonly partitionIds: readonly string[];
  readonly consumerGroups: readonly string[];
  readonly retentionMs: number;
  /** Of one publication, event or batch. */
  readonly maxBatchBytes: number;
}

export interface Hub {
  readonly name: string;
  readonly createdMs: number;
  readonly partitions: readonly Partition[];
  /** By name in lower case. */
  readonly groups: Map<string, Group>;
  readonly maxBatchBytes: number;
  retentionMs: number;
  /** Index of the partition that takes the next batch without key and id. */
  roundRobin: number;
}

export interface Partition {
  readonly log: PartitionLog;
  /** Everyone attached, of all groups, in order of arrival. */
  readonly readers: Set<PartitionReader>;
  /** Readers to wake at the next event, in the order in which they began to wait. */
  waiting: PartitionReader[];
  /** Idempotent producers that have ever attached, by producer group id. */
  readonly producers: Map<number, ProducerState>;
}

export interface Group {
  readonly name: string;
}

export const defaultGroup = "$Default";

export function createHub(name: string, options: HubOptions, nowMs: number): Hub {
  const { partitions = 4, retentionMs = hourMs, maxBatchBytes = 1_048_576 } = options;
  if (name === "" || name.length > 256) {
    throw invalidArgument("An event hub's name must have from 1 to 256 characters.");
  }
  if (!Number.isInteger(partitions) || partitions < 1 || partitions > 1024) {
    throw outOfRange("The number of partitions must be from 1 to 1024.");
  }
  return {
    name,
    createdMs: nowMs,
    partitions: Array.from({ length: partitions }, (_, index) => ({
      log: createLog(String(index)),
      readers: new Set<PartitionReader>(),
      waiting: [],
      producers: new Map<number, ProducerState>(),
    })),
    groups: new Map([[defaultGroup.toLowerCase(), { name: defaultGroup }]]),
    maxBatchBytes,
    retentionMs: checkRetention(retentionMs),
    roundRobin: 0,
  };
}

export function updateHub(hub: Hub, changes: HubOptions, nowMs: number): void {
  if (changes.partitions !== undefined && changes.partitions !== hub.partitions.length) {
    throw notAllowed(
      `Event hub '${hub.name}' has ${String(hub.partitions.length)} partitions. The number is fixed at creation.`,
    );
  }
  if (changes.maxBatchBytes !== undefined && changes.maxBatchBytes !== hub.maxBatchBytes) {
    throw notAllowed("The publication limit belongs to the tier and is fixed at creation.");
  }
  if (changes.retentionMs === undefined) return;
  const retentionMs = checkRetention(changes.retentionMs);
  // What has expired by the old retention must not come back under a longer one.
  for (const { log } of hub.partitions) trimLog(log, nowMs - hub.retentionMs);
  hub.retentionMs = retentionMs;
}

export function hubProperties(hub: Hub): HubProperties {
  return {
    name: hub.name,
    createdMs: hub.createdMs,
    partitionIds: hub.partitions.map(({ log }) => log.partitionId),
    consumerGroups: Array.from(hub.groups.values(), ({ name }) => name),
    retentionMs: hub.retentionMs,
    maxBatchBytes: hub.maxBatchBytes,
  };
}

const hourMs = 3_600_000;
const maxRetentionMs = 90 * 24 * hourMs;

function checkRetention(retentionMs: number): number {
  if (retentionMs > 0 && retentionMs <= maxRetentionMs) return retentionMs;
  throw outOfRange("The retention must be positive and at most 90 days.");
}
