import type { QueueServiceClient } from "@azure/storage-queue";
import {
  durationMs,
  WaybillError,
  type Capabilities,
  type Duration,
  type Transport,
} from "../../src/transport/index.js";
import { connect } from "./connection.js";
import { maxSendBytes } from "./message-text.js";

/**
 * What happens to queues at `run()`: `assume` touches nothing, `verify` looks whether they exist, `ensure` creates those
 * that are missing. A production identity needs to process and add messages alone, so `assume` is the default.
 */
export type Topology = "assume" | "verify" | "ensure";

/** Options for {@link storageQueue}. */
export interface StorageQueueOptions {
  /** Makes a client. Called once per running service. Give the client {@link clientOptions}. */
  readonly client: () => QueueServiceClient;
  /** The queue for the dead letters of a queue. Default: its name and `-poison`, as Azure Functions has it. */
  readonly poisonQueue?: (queue: string) => string;
  /** Default `assume`. */
  readonly topology?: Topology;
  /** How long an empty queue is left alone before it is asked again; doubles up to {@link maxPoll}. Default `"100ms"`. */
  readonly minPoll?: Duration;
  /** The longest pause between two questions to an empty queue; each is a request that is paid for. Default `"1s"`. */
  readonly maxPoll?: Duration;
  /** The limit of one request, whatever the client does with its own. Default `"30s"`. */
  readonly operationTimeout?: Duration;
}

/** What the options come to. */
export interface Settings {
  readonly client: () => QueueServiceClient;
  readonly poisonQueue: (queue: string) => string;
  readonly topology: Topology;
  readonly minPollMs: number;
  readonly maxPollMs: number;
  readonly operationMs: number;
}

/**
 * A transport to Azure Storage Queues: queues only, at least once, in no certain order, with delays of up to seven days.
 *
 * A message has at most 47 KiB with all that it says about itself. Without a time to live it stays until it is
 * completed, where the service's own default would drop it after seven days.
 *
 * @throws {WaybillError} `invalidOption` for a duration that is none, or pauses that end before they begin.
 */
export function storageQueue(
  options: StorageQueueOptions,
): Transport<"storage-queue", "queues" | "queues:scheduling"> {
  const settings = settingsOf(options);
  return {
    name: "storage-queue",
    capabilities,
    connect: (context) => connect(settings, context),
  };
}

const capabilities: Capabilities = {
  needs: { queues: "native", "queues:scheduling": "native" },
  receivers: {
    queue: {
      renew: true,
      delayedRelease: true,
      uncountedRelease: false,
      defer: false,
      deliveryCount: true,
      deadLetter: true,
    },
  },
  maxMessageBytes: maxSendBytes,
};

function settingsOf(options: StorageQueueOptions): Settings {
  const minPollMs = durationMs(options.minPoll ?? "100ms", "minPoll");
  const maxPollMs = durationMs(options.maxPoll ?? "1s", "maxPoll");
  if (minPollMs <= 0 || maxPollMs < minPollMs) {
    throw new WaybillError(
      "invalidOption",
      `storageQueue() polls from ${minPollMs} to ${maxPollMs} ms: minPoll must be above zero, and maxPoll no less`,
    );
  }
  return {
    client: options.client,
    poisonQueue: options.poisonQueue ?? ((queue) => `${queue}-poison`),
    topology: options.topology ?? "assume",
    minPollMs,
    maxPollMs,
    operationMs: durationMs(options.operationTimeout ?? "30s", "operationTimeout"),
  };
}
