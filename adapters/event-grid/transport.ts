import type { EventGridReceiverClient } from "@azure/eventgrid-namespaces";
import type { ParkStore } from "../../src/store/index.js";
import {
  durationMs,
  WaybillError,
  type Capabilities,
  type Duration,
  type Transport,
} from "../../src/transport/index.js";
import { connect } from "./connection.js";
import type { EventGridHandler } from "./handler.js";
import type { TopicPublisher } from "./publisher.js";
import { maxEventBytes } from "./sender.js";

/** Options for {@link eventGrid}. */
export interface EventGridOptions {
  /**
   * Makes a client that publishes to a topic: of a namespace, a custom topic or a domain. Called once per topic and running
   * service, and again when the service refuses its credentials. Give it {@link clientOptions}. A service that only
   * listens needs none.
   */
  readonly sender?: (topic: string) => TopicPublisher;
  /**
   * Makes a client that pulls from a queue subscription of a namespace topic, whose subscription usually has the listener's
   * name; or gives the {@link eventGridHandler} to which a subscription pushes. Called as `sender` is. A service that only
   * sends needs none.
   */
  readonly receiver?: (topic: string, listener: string) => EventGridReceiverClient | EventGridHandler;
  /**
   * Keeps what handlers give up, with Waybill's record; or `"event-grid"`: events are rejected, and the service writes them to
   * the storage account of the subscription, where Waybill cannot see them, or drops them if it has none.
   */
  readonly deadLetters: ParkStore | "event-grid";
  /** How long the subscriptions lock an event: their `receiveLockDurationInSeconds`. Default `"60s"`, as there. */
  readonly lock?: Duration;
  /** How long one request waits for events, `"10s"` to `"120s"`. Default `"60s"`. */
  readonly maxWait?: Duration;
  /** The limit of one request, beside the wait for events. Default `"30s"`. */
  readonly operationTimeout?: Duration;
}

/** What the options come to. */
export interface Settings extends Pick<EventGridOptions, "sender" | "receiver" | "deadLetters"> {
  readonly lockMs: number;
  readonly waitSeconds: number;
  readonly operationMs: number;
}

/**
 * A transport to Azure Event Grid: notifications, at least once, in no order.
 *
 * An event has at most 1,023 KiB. A retry waits 10 seconds, a minute, 10 minutes or an hour, whichever is the next longer one.
 *
 * @throws {WaybillError} `invalidOption` for a duration that is none or out of bounds.
 */
export function eventGrid(options: EventGridOptions): Transport<"event-grid", "notifications"> {
  const settings = settingsOf(options);
  return {
    name: "event-grid",
    capabilities,
    connect: (context) => connect(settings, context),
  };
}

const capabilities: Capabilities = {
  needs: { notifications: "native" },
  receivers: {
    notifications: {
      renew: true,
      delayedRelease: true,
      uncountedRelease: false,
      defer: false,
      deliveryCount: true,
      deadLetter: true,
    },
  },
  maxMessageBytes: maxEventBytes,
};

function settingsOf({ sender, receiver, deadLetters, ...options }: EventGridOptions): Settings {
  const waitMs = durationMs(options.maxWait ?? "60s", "maxWait");
  if (waitMs < 10_000 || waitMs > 120_000) {
    throw new WaybillError(
      "invalidOption",
      `eventGrid() waits for events for ${waitMs} ms: maxWait must be from "10s" to "120s"`,
    );
  }
  return {
    ...(sender === undefined ? {} : { sender }),
    ...(receiver === undefined ? {} : { receiver }),
    deadLetters,
    lockMs: durationMs(options.lock ?? "60s", "lock"),
    waitSeconds: Math.floor(waitMs / 1_000),
    operationMs: durationMs(options.operationTimeout ?? "30s", "operationTimeout"),
  };
}
