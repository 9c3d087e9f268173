import { durationMs, type Duration } from "../runtime/duration.js";
import type { Codec } from "../message/codec.js";
import {
  channelOf,
  checkChannel,
  type ChannelRef,
  type ForeignMessage,
  type ForeignReading,
  type Messages,
} from "./channel.js";

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
 * @throws {WaybillError} `invalidContract` for an unusable name or message map; `invalidOption` for a bad duration.
 */
export function queue<
  const N extends string,
  const M extends Messages,
  const Ordered extends "by-key" | "none" = "none",
  const Scheduled extends boolean = false,
  const Dedup extends Duration | "off" = "off",
>(
  name: N,
  definition: QueueDefinition<M, Ordered, Scheduled, Dedup>,
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

/** The options that queues and topics share. */
export interface EntityDefinition {
  readonly ordered?: "by-key" | "none";
  readonly scheduled?: boolean;
  readonly dedupWindow?: Duration | "off";
  readonly lock?: Duration;
  readonly ttl?: Duration;
  readonly maxDeliveries?: number;
  readonly description?: string;
  readonly foreign?: (raw: ForeignMessage) => ForeignReading;
  readonly codec?: Codec;
}

export function needsOf(kind: "queues" | "topics", definition: EntityDefinition): string[] {
  const needs: string[] = [kind];
  if (definition.ordered === "by-key") needs.push(`${kind}:sessions`);
  if (definition.scheduled) needs.push(`${kind}:scheduling`);
  if (definition.dedupWindow !== undefined && definition.dedupWindow !== "off") needs.push(`${kind}:dedup`);
  return needs;
}

export function settingsOf(owner: string, definition: EntityDefinition) {
  const { dedupWindow, lock, ttl, maxDeliveries, description, foreign, codec } = definition;
  return {
    ordered: definition.ordered === "by-key",
    scheduled: definition.scheduled ?? false,
    ...(dedupWindow !== undefined && dedupWindow !== "off"
      ? { dedupWindowMs: durationMs(dedupWindow, `dedupWindow of ${owner}`) }
      : {}),
    ...(lock !== undefined ? { lockMs: durationMs(lock, `lock of ${owner}`) } : {}),
    ...(ttl !== undefined ? { ttlMs: durationMs(ttl, `ttl of ${owner}`) } : {}),
    ...(maxDeliveries !== undefined ? { maxDeliveries } : {}),
    ...(description !== undefined ? { description } : {}),
    ...(foreign !== undefined ? { foreign } : {}),
    ...(codec !== undefined ? { codec } : {}),
  };
}
