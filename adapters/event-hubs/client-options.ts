import type { EventHubClientOptions } from "@azure/event-hubs";

/**
 * What to give to the clients that the factories make: the SDK's own retries are off, because the core retries, by rules
 * that count attempts and spread load; a client that retries by itself besides hides failures from it.
 *
 * One operation has 10 seconds.
 */
export const clientOptions = {
  retryOptions: { maxRetries: 0, timeoutInMs: 10_000, retryDelayInMs: 1_000, maxRetryDelayInMs: 30_000 },
} as const satisfies EventHubClientOptions;
