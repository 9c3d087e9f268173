import type { ServiceBusClientOptions } from "@azure/service-bus";

/**
 * What to give to the `ServiceBusClient` that a factory makes: the SDK's own retries are off, because the core retries,
 * by rules that count attempts and spread load; a client that retries by itself besides hides failures from it.
 *
 * One operation has 10 seconds. A receive link that breaks is made again by the SDK at once, and then every second.
 */
export const clientOptions = {
  retryOptions: { maxRetries: 0, timeoutInMs: 10_000, retryDelayInMs: 1_000, maxRetryDelayInMs: 30_000 },
} as const satisfies ServiceBusClientOptions;
