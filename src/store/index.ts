/** Stores: what Waybill asks of a database, cache or object store. Interfaces only. */
export type { BlobPutOptions, BlobStore, OpenBlob } from "./blob-store.js";
export { checkBlobName, dayOfBlob, isBlobName, lastDayOver } from "./blob-name.js";
export type {
  Checkpoint,
  CheckpointStore,
  GroupPlace,
  Ownership,
  OwnershipClaim,
} from "./checkpoint-store.js";
export type {
  ClaimChange,
  ClaimHandle,
  ClaimRequest,
  ClaimResult,
  IdempotencyStore,
} from "./idempotency-store.js";
export type { Inbox, InboxRequest, InboxResult, OutboxMessage } from "./inbox.js";
export type { Parked, ParkStore, TakenParked } from "./park-store.js";
export type { OutboxLease, OutboxStore } from "./outbox-store.js";
export { WaybillError } from "../errors.js";
export type { ErrorClass, ErrorCode, WaybillErrorOptions } from "../errors.js";
export { realRuntime } from "../runtime/runtime.js";
export type { Runtime, TimerHandle, PortName } from "../runtime/runtime.js";
