import type { Duration } from "../runtime/duration.js";
import type { Codec } from "../message/codec.js";
import {
  channelOf,
  checkChannel,
  type ChannelRef,
  type ForeignMessage,
  type ForeignReading,
  type Messages,
  type NamesOk,
} from "./channel.js";
import { needsOf, settingsOf } from "./entity-settings.js";

/** The definition of a queue. */
export interface QueueDefinition<
  M extends Messages,
  Ordered extends "by-key" | "none" = "none",
  Scheduled extends boolean = false,
  Dedup extends Duration | "off" = "off",
> {
  readonly messages: M;
  /** `"by-key"`: messages of one key are handled one after the other, in order (sessions). Default `"none"`. */
  readonly ordered?: Ordered;
  /** Whether senders may give a `delay` or a time. Default false. */
  readonly scheduled?: Scheduled;
  /** Messages whose id came within this time are dropped by the broker: 20 s to 7 d. Default `"off"`. */
  readonly dedupWindow?: Dedup;
  /** How long a delivery stays locked without renewal: 5 s to 5 m. Default 1 m. */
  readonly lock?: Duration;
  /** How long a message stays deliverable. Default: for ever. */
  readonly ttl?: Duration;
  /** Deliveries after which the broker itself dead-letters: 1 to 2,000. Default 10. */
  readonly maxDeliveries?: number;
  readonly description?: string;
  /** Reads messages that no Waybill wrote. Without it they are dead-lettered as `UnknownMessageType`. */
  readonly foreign?: (raw: ForeignMessage) => ForeignReading;
  /** How data is encoded. Default JSON. */
  readonly codec?: Codec;
}

/** What a queue with these options needs of a transport. */
export type QueueNeeds<Ordered, Scheduled, Dedup> =
  | "queues"
  | (Ordered extends "by-key" ? "queues:sessions" : never)
  | (Scheduled extends true ? "queues:scheduling" : never)
  | (Dedup extends "off" ? never : "queues:dedup");

/**
 * Declares a queue: each message goes to one consumer, is locked while it is handled, and is dead-lettered when it
 * cannot be.
 * @throws {WaybillError} `invalidContract` for an unusable name or message map; `invalidOption` for a number or duration
 * out of bounds.
 */
export function queue<
  const N extends string,
  const M extends Messages,
  const Ordered extends "by-key" | "none" = "none",
  const Scheduled extends boolean = false,
  const Dedup extends Duration | "off" = "off",
>(
  name: N,
  definition: QueueDefinition<M, Ordered, Scheduled, Dedup> & NamesOk<M>,
): ChannelRef<N, "queue", M, QueueNeeds<Ordered, Scheduled, Dedup>> {
  const ordered = definition.ordered === "by-key";
  checkChannel("queue", name, definition.messages, ordered);
  return channelOf({
    format: 1,
    name,
    kind: "queue",
    messages: definition.messages,
    needs: needsOf("queues", definition) as QueueNeeds<Ordered, Scheduled, Dedup>[],
    settings: settingsOf(`queue "${name}"`, definition),
    narrowed: false,
  });
}
