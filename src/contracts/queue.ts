import type { Duration } from "../runtime/duration.js";
import { channelOf, checkChannel, type ChannelRef, type Messages, type NamesOk } from "./channel.js";
import { needsOf, settingsOf, type EntityDefinition } from "./entity-settings.js";

/** The definition of a queue. */
export interface QueueDefinition<
  M extends Messages,
  Ordered extends "by-key" | "none" = "none",
  Scheduled extends boolean = false,
  Dedup extends Duration | "off" = "off",
> extends EntityDefinition<Ordered, Scheduled, Dedup> {
  readonly messages: M;
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
