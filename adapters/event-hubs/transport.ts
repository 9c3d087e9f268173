import type { EventHubConsumerClient, EventHubProducerClient } from "@azure/event-hubs";
import type { CheckpointStore, ParkStore } from "../../src/store/index.js";
import type { Capabilities, Duration, Transport } from "../../src/transport/index.js";
import { connect } from "./connection.js";

/**
 * What happens to hubs at `run()`: `assume` touches nothing, `verify` compares the number of partitions with the contract.
 * Hubs and consumer groups are made through Azure Resource Manager, which the SDK does not speak.
 */
export type Topology = "assume" | "verify";

/** Options for {@link eventHubs}. */
export interface EventHubsOptions {
  /**
   * Makes a client that sends to a hub. Called once per hub and running service; what it makes belongs to the transport,
   * which closes it. Give it {@link clientOptions}.
   */
  readonly producer: (hub: string) => EventHubProducerClient;
  /**
   * Makes a client that reads a hub for a consumer group, without a checkpoint store of its own. Called once per
   * consumer; what it makes belongs to the transport, which closes it. Give it {@link clientOptions}.
   */
  readonly consumer: (hub: string, group: string) => EventHubConsumerClient;
  /** Keeps progress, and who reads which partition: one store for all processes of a consumer group. */
  readonly checkpoints: CheckpointStore;
  /** Keeps what handlers give up, because an event hub has no dead-letter queue. */
  readonly park: ParkStore;
  /** Default `assume`. */
  readonly topology?: Topology;
  /** For one operation of the SDK or of a store, whatever it does with its own limit. Default `"30s"`. */
  readonly operationTimeout?: Duration;
  /** Between two looks at who reads which partition. Default `"10s"`. */
  readonly balanceInterval?: Duration;
  /** Without a sign of life for so long a member's partitions are free. Default `"30s"`; at least thrice `balanceInterval`. */
  readonly ownershipExpiry?: Duration;
  /** Events that the SDK may fetch ahead of the handlers, per partition. Default 300, at least 1. */
  readonly prefetch?: number;
  /** After such a silence the SDK looks whether its connection still is: until then nobody notices. Default `"5s"`. */
  readonly silence?: Duration;
  /** The largest message, in bytes. Default 1,048,576; a namespace of the Basic tier takes 262,144. */
  readonly maxMessageBytes?: number;
}

/**
 * A transport to Azure Event Hubs.
 *
 * At-least-once delivery; order per key. A message waits in its partition while it is retried, and what is given up is
 * parked before the checkpoint passes it.
 */
export function eventHubs(options: EventHubsOptions): Transport<"event-hubs", "streams"> {
  return {
    name: "event-hubs",
    capabilities: capabilities(options.maxMessageBytes ?? 1_048_576),
    connect: (context) => connect(options, context),
  };
}

const capabilities = (maxMessageBytes: number): Capabilities => ({
  needs: { streams: "native" },
  receivers: {
    stream: {
      renew: false,
      delayedRelease: false,
      uncountedRelease: false,
      defer: false,
      deliveryCount: false,
      deadLetter: true,
    },
  },
  maxMessageBytes,
});
