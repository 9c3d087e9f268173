import type { Capabilities, Transport } from "../../src/transport/index.js";
import { connect } from "./connection.js";
import { memoryBroker, worldOf, type MemoryBroker } from "./memory-broker.js";

/** Options for {@link memory}. */
export interface MemoryOptions {
  /** Which broker to connect to. Default: a new one, which all services that use this transport share. */
  readonly broker?: MemoryBroker;
}

/**
 * A transport to a broker in this process, which behaves like Azure Service Bus, Event Hubs and Event Grid.
 *
 * For tests, demos and services of one process: nothing outlives the process. Entities are created as the contracts
 * declare them. At-least-once delivery, order per key, time by the runtimes of the services.
 */
export function memory(options: MemoryOptions = {}): Transport<"memory"> {
  const world = worldOf(options.broker ?? memoryBroker());
  return { name: "memory", capabilities, connect: (context) => connect(world, context) };
}

const capabilities: Capabilities = {
  needs: {
    queues: "native",
    topics: "native",
    streams: "native",
    notifications: "native",
    "queues:sessions": "native",
    "queues:scheduling": "native",
    "queues:dedup": "native",
    "topics:sessions": "native",
    "topics:scheduling": "native",
    "topics:dedup": "native",
  },
  receivers: {
    queue: messages(),
    topic: messages(),
    stream: {
      renew: false,
      delayedRelease: false,
      uncountedRelease: false,
      defer: false,
      deliveryCount: false,
      deadLetter: true,
    },
    notifications: {
      renew: true,
      delayedRelease: true,
      uncountedRelease: false,
      defer: false,
      deliveryCount: true,
      deadLetter: true,
    },
  },
  maxMessageBytes: 262_144,
};

function messages() {
  return {
    renew: true,
    delayedRelease: false,
    uncountedRelease: true,
    defer: true,
    deliveryCount: true,
    deadLetter: true,
  };
}
