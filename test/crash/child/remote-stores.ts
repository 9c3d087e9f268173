import type {
  Checkpoint,
  CheckpointStore,
  ClaimChange,
  ClaimResult,
  IdempotencyStore,
  Ownership,
  Parked,
  ParkStore,
  TakenParked,
} from "waybill/store";
import type { Ask } from "./calls.js";

/** The stores of the parent, as a database of another machine would be one: they survive this process. */
export const remoteIdempotency = (ask: Ask): IdempotencyStore => ({
  name: "parent",
  claim: (request) => ask("idempotency", "claim", request) as Promise<ClaimResult>,
  extend: (handle, leaseMs) => ask("idempotency", "extend", handle, leaseMs) as Promise<ClaimChange>,
  complete: (handle, retentionMs) =>
    ask("idempotency", "complete", handle, retentionMs) as Promise<ClaimChange>,
  release: (handle) => ask("idempotency", "release", handle) as Promise<ClaimChange>,
});

export const remoteCheckpoints = (ask: Ask): CheckpointStore => ({
  name: "parent",
  load: (place) => ask("checkpoints", "load", place) as Promise<readonly Checkpoint[]>,
  save: (place, checkpoint) => ask("checkpoints", "save", place, checkpoint) as Promise<void>,
  forget: (place, partition) => ask("checkpoints", "forget", place, partition) as Promise<void>,
  owners: (place) => ask("checkpoints", "owners", place) as Promise<readonly Ownership[]>,
  claim: (place, claim) => ask("checkpoints", "claim", place, claim) as Promise<Ownership | undefined>,
});

/** `kept` is called when the parent has taken something. */
export const remotePark = (ask: Ask, kept: (id: string) => void): ParkStore => ({
  name: "parent",
  put: async (box, parked) => {
    await ask("park", "put", box, parked);
    kept(parked.id);
  },
  list: (box, max) => ask("park", "list", box, max) as Promise<readonly Parked[]>,
  take: (box, id) => ask("park", "take", box, id) as Promise<TakenParked | undefined>,
  remove: (box, taken) => ask("park", "remove", box, taken) as Promise<boolean>,
  release: (box, taken) => ask("park", "release", box, taken) as Promise<void>,
});
