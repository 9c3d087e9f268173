import { EventHubConsumerClient, EventHubProducerClient } from "@azure/event-hubs";
import { ServiceBusClient, type ServiceBusClientOptions } from "@azure/service-bus";
import { QueueServiceClient } from "@azure/storage-queue";
import { clientOptions as eventHubsOptions, eventHubs } from "waybill/event-hubs";
import { memoryCheckpoints, memoryPark } from "waybill/memory";
import { clientOptions as serviceBusOptions, serviceBus } from "waybill/service-bus";
import { clientOptions as storageOptions, storageQueue } from "waybill/storage-queue";
import type { CheckpointStore, ParkStore } from "waybill/store";
import type { Duration, Transport } from "waybill/transport";

/** Of the SDK, by the machine's clock: short, because a fault is waited out. */
export const impatient = { maxRetries: 0, timeoutInMs: 5_000, retryDelayInMs: 100, maxRetryDelayInMs: 500 };

/** Of the adapters, by the clock of the row. */
export const operationMs = 10_000;
const operationTimeout = "10s";

/** A connection string that leads through a proxy. */
export const through = (connectionString: string, port: number): string =>
  connectionString.replace(/(:\/\/[^:;/]+):\d+/, `$1:${String(port)}`);

export const serviceBusOver = (connectionString: string, options: ServiceBusClientOptions = {}): Transport =>
  serviceBus({
    client: () =>
      new ServiceBusClient(connectionString, { ...serviceBusOptions, retryOptions: impatient, ...options }),
    operationTimeout,
  });

/** The stores of a consumer group. */
export interface GroupStores {
  readonly checkpoints: CheckpointStore;
  readonly park: ParkStore;
}

export const memoryStores = (): GroupStores => ({ checkpoints: memoryCheckpoints(), park: memoryPark() });

/** @param silence after which the adapter looks whether a partition is stuck; the shorter, the sooner it takes a slow one for stuck */
export function eventHubsOver(
  connectionString: string,
  stores: GroupStores,
  silence: Duration = "200ms",
): Transport {
  const options = { ...eventHubsOptions, retryOptions: impatient };
  return eventHubs({
    producer: (hub) => new EventHubProducerClient(connectionString, hub, options),
    consumer: (hub, group) => new EventHubConsumerClient(group, connectionString, hub, options),
    ...stores,
    operationTimeout,
    balanceInterval: "2s",
    ownershipExpiry: "10s",
    silence,
  });
}

/** Its clock is the machine's: Azurite has no other. */
export const storageQueueOver = (connectionString: string): Transport =>
  storageQueue({
    client: () => QueueServiceClient.fromConnectionString(connectionString, storageOptions),
    operationTimeout: "1s",
    minPoll: "10ms",
    maxPoll: "50ms",
  });
