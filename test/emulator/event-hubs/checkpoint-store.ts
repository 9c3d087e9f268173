import type { Checkpoint, CheckpointStore, PartitionOwnership } from "@azure/event-hubs";

/** A checkpoint store for processors of one group, as an application would write one for a test. */
/** @param nowMs The machine's time, by which clients judge whether an ownership is still held. */
export function memoryCheckpointStore(nowMs: () => number): CheckpointStore {
  const ownerships = new Map<string, PartitionOwnership>();
  const checkpoints = new Map<string, Checkpoint>();
  let etags = 0;
  const claim = (wanted: PartitionOwnership): PartitionOwnership[] => {
    if (ownerships.get(wanted.partitionId)?.etag !== wanted.etag) return [];
    etags += 1;
    const claimed = {
      ...wanted,
      etag: String(etags),
      lastModifiedTimeInMs: nowMs(),
    };
    ownerships.set(wanted.partitionId, claimed);
    return [claimed];
  };
  return {
    listOwnership: () => Promise.resolve([...ownerships.values()]),
    claimOwnership: (wanted) => Promise.resolve(wanted.flatMap(claim)),
    updateCheckpoint(checkpoint) {
      checkpoints.set(checkpoint.partitionId, checkpoint);
      return Promise.resolve();
    },
    listCheckpoints: () => Promise.resolve([...checkpoints.values()]),
  };
}
