import type { Codec } from "../message/codec.js";
import type { Duration } from "../runtime/duration.js";
import { durationWithin, wholeNumberWithin } from "./bounds.js";
import type { ChannelSettings, ForeignMessage, ForeignReading } from "./channel.js";

/** The options that queues and topics share; those of a topic are for each of its subscriptions. */
export interface EntityDefinition<
  Ordered extends "by-key" | "none" = "by-key" | "none",
  Scheduled extends boolean = boolean,
  Dedup extends Duration | "off" = Duration | "off",
> {
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

/** Reads the options of a queue or topic; `owner` names it in errors. */
export function settingsOf(owner: string, definition: EntityDefinition): ChannelSettings {
  const { dedupWindow, lock, ttl, maxDeliveries, description, foreign, codec } = definition;
  return {
    ordered: definition.ordered === "by-key",
    scheduled: definition.scheduled ?? false,
    ...(dedupWindow !== undefined && dedupWindow !== "off"
      ? { dedupWindowMs: durationWithin(dedupWindow, "20s", "7d", `dedupWindow of ${owner}`) }
      : {}),
    ...(lock !== undefined ? { lockMs: durationWithin(lock, "5s", "5m", `lock of ${owner}`) } : {}),
    ...(ttl !== undefined ? { ttlMs: durationWithin(ttl, "1ms", "36500d", `ttl of ${owner}`) } : {}),
    ...(maxDeliveries !== undefined
      ? { maxDeliveries: wholeNumberWithin(maxDeliveries, 1, 2000, `maxDeliveries of ${owner}`) }
      : {}),
    ...(description !== undefined ? { description } : {}),
    ...(foreign !== undefined ? { foreign } : {}),
    ...(codec !== undefined ? { codec } : {}),
  };
}

/** What the options need of a transport. */
export function needsOf(kind: "queues" | "topics", definition: EntityDefinition): string[] {
  const needs: string[] = [kind];
  if (definition.ordered === "by-key") needs.push(`${kind}:sessions`);
  if (definition.scheduled) needs.push(`${kind}:scheduling`);
  if (definition.dedupWindow !== undefined && definition.dedupWindow !== "off") needs.push(`${kind}:dedup`);
  return needs;
}
