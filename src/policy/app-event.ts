import type { ChannelKind } from "../contracts/channel.js";
import type { DeadLetterReason } from "../message/envelope.js";

/** Where something happened. */
export interface EventPlace {
  readonly service: string;
  readonly channel: string;
  readonly kind: ChannelKind;
  /** Subscription, consumer group or listener; absent on queues and on sends. */
  readonly as?: string;
}

/** Which message it happened to. */
export interface EventMessage extends EventPlace {
  /** The stable message id. */
  readonly id: string;
  readonly messageType: string;
}

/** Which delivery it happened to. */
export interface EventDelivery extends EventMessage {
  /** The handler run: 1 on the first. */
  readonly attempt: number;
  readonly deliveryCount: number;
}

/** Why a delivery came to this, where that is neither its handler nor its message. */
export interface EventStoreFailure {
  /** The store could not be asked, or did not confirm: of code `storeFailed`. */
  readonly error?: Error;
}

/**
 * What a running service tells of itself: a closed union, for logs and metrics. It never holds message data.
 *
 * Every delivery ends in exactly one of `handled`, `ignored`, `duplicate`, `retryScheduled`, `released`, `deferred`,
 * `deadLettered`, `left`.
 */
export type AppEvent =
  | { readonly event: "started"; readonly service: string }
  | { readonly event: "stopping"; readonly service: string }
  | { readonly event: "stopped"; readonly service: string; readonly unfinished: number }
  | ({ readonly event: "sent" } & EventMessage)
  | ({ readonly event: "sendFailed"; readonly error: Error } & EventMessage)
  | ({ readonly event: "delivered" } & EventDelivery)
  | ({ readonly event: "handled"; readonly durationMs: number } & EventDelivery)
  | ({ readonly event: "handlerFailed"; readonly error: unknown } & EventDelivery)
  /** Nothing ran: the handler map says so, or the message is meant for another subscription. */
  | ({ readonly event: "ignored" } & EventDelivery)
  /** Handled before: completed without another run. */
  | ({ readonly event: "duplicate" } & EventDelivery)
  | ({ readonly event: "retryingNow" } & EventDelivery & EventStoreFailure)
  | ({ readonly event: "held"; readonly delayMs: number } & EventDelivery & EventStoreFailure)
  | ({
      readonly event: "retryScheduled";
      readonly delayMs: number;
      readonly counted: boolean;
    } & EventDelivery &
      EventStoreFailure)
  | ({ readonly event: "released" } & EventDelivery & EventStoreFailure)
  | ({ readonly event: "deferred" } & EventDelivery)
  | ({
      readonly event: "deadLettered";
      readonly reason: DeadLetterReason;
      readonly description: string;
    } & EventDelivery)
  /** Not settled: another owner has the message, or its lock is gone. It will be delivered again if it must. */
  | ({ readonly event: "left"; readonly why: string } & EventDelivery & EventStoreFailure)
  | ({ readonly event: "lockLost"; readonly error: Error } & EventDelivery)
  | ({ readonly event: "settleFailed"; readonly error: Error } & EventDelivery)
  | ({ readonly event: "checkpointed"; readonly partition: string; readonly offset: string } & EventPlace)
  | ({ readonly event: "receiveFailed"; readonly error: Error; readonly retryInMs: number } & EventPlace)
  /** Messages wait and are not given to it; with `final` nothing is left to try, and the process should be started anew. */
  | ({ readonly event: "stalled"; readonly evidence: string; readonly final: boolean } & EventPlace)
  /** Its link was made anew, or the client under it; `apart`: it has a client of its own now. */
  | ({
      readonly event: "recycled";
      readonly what: "link" | "client" | "apart";
      readonly evidence: string;
    } & EventPlace)
  /** What was told before is over. */
  | ({ readonly event: "recovered"; readonly afterMs: number } & EventPlace)
  | ({ readonly event: "checkpointFailed"; readonly error: Error } & EventPlace)
  | { readonly event: "warning"; readonly service: string; readonly text: string };

/** Takes the events of a service. What it throws is swallowed: telling must not change what is told. */
export type EventListener = (event: AppEvent) => void;
