import type { StoragePipelineOptions } from "@azure/storage-queue";

/**
 * What to give to the `QueueServiceClient` that a factory makes: the SDK's own retries are off, because the core retries,
 * by rules that count attempts and spread load; a client that retries by itself besides hides failures from it.
 *
 * One request has 10 seconds.
 */
export const clientOptions = {
  retryOptions: { maxTries: 1, tryTimeoutInMs: 10_000 },
} as const satisfies StoragePipelineOptions;
