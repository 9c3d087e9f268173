import type { Codec } from "../message/codec.js";
import type { Duration } from "../runtime/duration.js";
import { durationWithin, wholeNumberWithin } from "./bounds.js";
import type { ChannelSettings, ForeignMessage, ForeignReading } from "./channel.js";

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
