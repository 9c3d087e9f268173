/** How far a consumer group has come in a partition. Clients keep it; the service stores nothing of the kind. */
export interface StreamCheckpoint {
  readonly hub: string;
  readonly group: string;
  readonly partitionId: string;
  readonly offset: string;
  readonly sequenceNumber: number;
}

export interface CheckpointTable {
  /** Replaces the partition's checkpoint, also by an earlier one: keeping it from going back is the caller's part. */
  save(checkpoint: StreamCheckpoint): void;
  load(hub: string, group: string, partitionId: string): StreamCheckpoint | undefined;
  /** Those of one group, in the order of their first save. */
  list(hub: string, group: string): readonly StreamCheckpoint[];
}

export function createCheckpointTable(): CheckpointTable {
  const groups = new Map<string, Map<string, StreamCheckpoint>>();
  return {
    save(checkpoint) {
      const key = groupKey(checkpoint.hub, checkpoint.group);
      const partitions = groups.get(key) ?? new Map<string, StreamCheckpoint>();
      groups.set(key, partitions.set(checkpoint.partitionId, { ...checkpoint }));
    },
    load: (hub, group, partitionId) => groups.get(groupKey(hub, group))?.get(partitionId),
    list: (hub, group) => [...(groups.get(groupKey(hub, group))?.values() ?? [])],
  };
}

/** One key for a group of a hub; both names compare without case, and neither can run into the other. */
export function groupKey(hub: string, group: string): string {
  return JSON.stringify([hub.toLowerCase(), group.toLowerCase()]);
}
