/** Azure Blob Storage, through `@azure/storage-blob`: checkpoints of streams, parked events, large bodies. */
export { blobCheckpoints } from "./blob-checkpoints.js";
export { blobPark } from "./blob-park.js";
export { blobStore } from "./blob-store.js";
