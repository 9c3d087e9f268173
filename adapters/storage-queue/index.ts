/** Azure Storage Queues, through `@azure/storage-queue`: plain queues with delays, and a poison queue as dead letters. */
export { storageQueue } from "./transport.js";
export type { StorageQueueOptions, Topology } from "./transport.js";
export { clientOptions } from "./client-options.js";
export { isStorageQueueMessage } from "./message-delivery.js";
