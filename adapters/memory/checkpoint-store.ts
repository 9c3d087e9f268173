import type { Checkpoint, CheckpointStore, GroupPlace, Ownership } from "../../src/store/index.js";

/** A checkpoint store in this process: for tests, and for readers that begin anew with every start. */
export function memoryCheckpoints(): CheckpointStore {
  const checkpoints = new Map<string, Map<string, Checkpoint>>();
  const ownerships = new Map<string, Map<string, Ownership>>();
  let etags = 0;
  return {
    name: "memory",
    load: (place) => [...placeOf(checkpoints, place).values()],
    save: (place, checkpoint) => {
      const stored = placeOf(checkpoints, place).get(checkpoint.partition);
      if (stored !== undefined && BigInt(stored.sequenceNumber) >= BigInt(checkpoint.sequenceNumber)) return;
      placeOf(checkpoints, place).set(checkpoint.partition, checkpoint);
    },
    forget: (place, partition) => void placeOf(checkpoints, place).delete(partition),
    owners: (place) => [...placeOf(ownerships, place).values()],
    claim: (place, { partition, owner, etag }) => {
      const of = placeOf(ownerships, place);
      if (of.get(partition)?.etag !== etag) return undefined;
      etags += 1;
      const claimed = { partition, owner, etag: String(etags) };
      of.set(partition, claimed);
      return claimed;
    },
  };
}

function placeOf<T>(
  all: Map<string, Map<string, T>>,
  { namespace, stream, group }: GroupPlace,
): Map<string, T> {
  const key = JSON.stringify([namespace, stream, group].map((part) => part.toLowerCase()));
  const found = all.get(key) ?? new Map<string, T>();
  all.set(key, found);
  return found;
}
