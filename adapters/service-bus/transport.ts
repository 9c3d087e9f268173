import type { ServiceBusAdministrationClient, ServiceBusClient } from "@azure/service-bus";
import { durationMs, type Capabilities, type Duration, type Transport } from "../../src/transport/index.js";
import { connect } from "./connection.js";

/**
 * What happens to entities at `run()`: `assume` touches nothing, `verify` compares what exists with the contracts,
 * `ensure` creates what is missing. A production identity needs Send and Listen alone, so `assume` is the default.
 */
export type Topology = "assume" | "verify" | "ensure";

/** Options for {@link serviceBus}. */
export interface ServiceBusOptions {
  /**
   * Makes a client. Called once per running service; what it makes belongs to the transport, which closes it. Give it
   * {@link clientOptions}.
   */
  readonly client: () => ServiceBusClient;
  /** Makes an administration client; needed for every `topology` but `assume`. */
  readonly administration?: () => ServiceBusAdministrationClient;
  /** Default `assume`. */
  readonly topology?: Topology;
  /** For one operation of the SDK, whatever it does with its own limit. Default `"30s"`. */
  readonly operationTimeout?: Duration;
  /** How long a session that brings no message is held before it is given up for the next one. Default `"1s"`. */
  readonly sessionIdle?: Duration;
  /** The largest message, in bytes. Default 262,144, the standard tier's; premium namespaces take up to 100 MiB. */
  readonly maxMessageBytes?: number;
}

/**
 * A transport to Azure Service Bus.
 *
 * At-least-once delivery; order per key on channels with `ordered: "by-key"`, which are entities with sessions.
 *
 * @throws {WaybillError} `invalidOption` for a duration that is none.
 */
export function serviceBus(options: ServiceBusOptions): Transport<"service-bus", ServiceBusNeeds> {
  const { operationTimeout = "30s", sessionIdle = "1s", maxMessageBytes = 262_144 } = options;
  const settings: ServiceBusSettings = {
    ...options,
    operationMs: durationMs(operationTimeout, "operationTimeout of serviceBus()"),
    sessionIdleMs: durationMs(sessionIdle, "sessionIdle of serviceBus()"),
  };
  return {
    name: "service-bus",
    capabilities: capabilities(maxMessageBytes),
    connect: (context) => connect(settings, context),
  };
}

/** The options as the adapter works with them. */
export interface ServiceBusSettings extends Pick<
  ServiceBusOptions,
  "client" | "administration" | "topology"
> {
  readonly operationMs: number;
  readonly sessionIdleMs: number;
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
