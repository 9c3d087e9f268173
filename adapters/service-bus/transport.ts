import type { ServiceBusAdministrationClient, ServiceBusClient } from "@azure/service-bus";
import type { Capabilities, Transport } from "../../src/transport/index.js";
import { connect } from "./connection.js";

/**
 * What happens to entities at `run()`: `assume` touches nothing, `verify` compares what exists with the contracts,
 * `ensure` creates what is missing. A production identity needs Send and Listen alone, so `assume` is the default.
 */
export type Topology = "assume" | "verify" | "ensure";

/** Options for {@link serviceBus}. */
export interface ServiceBusOptions {
  /**
   * Makes a client. Called once per running service, and again whenever the connection must be made anew; what it
   * makes belongs to the transport, which closes it. Give it {@link clientOptions}.
   */
  readonly client: () => ServiceBusClient;
  /** Makes an administration client; needed for every `topology` but `assume`. */
  readonly administration?: () => ServiceBusAdministrationClient;
  /** Default `assume`. */
  readonly topology?: Topology;
  /** Milliseconds for one operation of the SDK, whatever it does with its own limit. Default 30,000. */
  readonly operationMs?: number;
  /** Milliseconds without a message after which a session is given up for the next one. Default 1,000. */
  readonly sessionIdleMs?: number;
  /** The largest message, in bytes. Default 262,144, the standard tier's; premium namespaces take up to 100 MiB. */
  readonly maxMessageBytes?: number;
}

/**
 * A transport to Azure Service Bus.
 *
 * At-least-once delivery; order per key on channels with `ordered: "by-key"`, which are entities with sessions.
 */
export function serviceBus(options: ServiceBusOptions): Transport<"service-bus", ServiceBusNeeds> {
  return {
    name: "service-bus",
    capabilities: capabilities(options.maxMessageBytes ?? 262_144),
    connect: (context) => connect(options, context),
  };
}

type ServiceBusNeeds =
  | "queues"
  | "queues:sessions"
  | "queues:scheduling"
  | "queues:dedup"
  | "topics"
  | "topics:sessions"
  | "topics:scheduling"
  | "topics:dedup";

const capabilities = (maxMessageBytes: number): Capabilities => ({
  needs: {
    queues: "native",
    "queues:sessions": "native",
    "queues:scheduling": "native",
    "queues:dedup": "native",
    topics: "native",
    "topics:sessions": "native",
    "topics:scheduling": "native",
    "topics:dedup": "native",
  },
  receivers: { queue: features, topic: features },
  maxMessageBytes,
});

const features = {
  renew: true,
  delayedRelease: false,
  uncountedRelease: true,
  defer: true,
  deliveryCount: true,
  deadLetter: true,
} as const;
