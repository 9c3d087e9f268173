/** The in-memory transport and store: for tests, demos and services of one process. */
export { memory } from "./transport.js";
export type { MemoryOptions } from "./transport.js";
export { memoryBroker } from "./memory-broker.js";
export type { MemoryBroker } from "./memory-broker.js";
export type { EntityCounts } from "./entity-counts.js";
export { isMemoryDelivery } from "./message-delivery.js";
export type { MemoryDelivery } from "./message-delivery.js";
export { memoryIdempotency } from "./idempotency-store.js";
export type { MemoryIdempotencyOptions } from "./idempotency-store.js";
export { memoryDatabase } from "./database.js";
export type { MemoryDatabase, MemoryDatabaseOptions, MemoryTransaction } from "./database.js";
export { memoryInbox } from "./inbox.js";
export { memoryOutbox } from "./outbox.js";
export { memoryBlobs } from "./blobs.js";
export { memoryCheckpoints } from "./checkpoint-store.js";
export { memoryPark } from "./park-store.js";
