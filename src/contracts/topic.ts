import type { Duration } from "../runtime/duration.js";
import {
  channelOf,
  checkChannel,
  type ChannelRef,
  type Messages,
  type NamesOk,
  type SubscriptionSettings,
} from "./channel.js";
import { needsOf, settingsOf, type EntityDefinition } from "./entity-settings.js";
import { frozen } from "./frozen.js";

/** The definition of a topic. */
export interface TopicDefinition<
  M extends Messages,
  Ordered extends "by-key" | "none" = "none",
  Scheduled extends boolean = false,
  Dedup extends Duration | "off" = "off",
> extends EntityDefinition<Ordered, Scheduled, Dedup> {
  readonly messages: M;
  /** Subscriptions that exist whether or not a service reads them, each with its filter. Default none. */
  readonly subscriptions?: Readonly<Record<string, SubscriptionSettings>>;
}

/** What a topic with these options needs of a transport. */
export type TopicNeeds<Ordered, Scheduled, Dedup> =
  | "topics"
  | (Ordered extends "by-key" ? "topics:sessions" : never)
  | (Scheduled extends true ? "topics:scheduling" : never)
  | (Dedup extends "off" ? never : "topics:dedup");

/**
 * Declares a topic: each subscription gets its own copy of every message that its filter lets through.
 * @throws {WaybillError} `invalidContract` for an unusable name or message map; `invalidOption` for a number or duration
 * out of bounds.
 */
export function topic<
  const N extends string,
  const M extends Messages,
  const Ordered extends "by-key" | "none" = "none",
  const Scheduled extends boolean = false,
  const Dedup extends Duration | "off" = "off",
>(
  name: N,
  definition: TopicDefinition<M, Ordered, Scheduled, Dedup> & NamesOk<M>,
): ChannelRef<N, "topic", M, TopicNeeds<Ordered, Scheduled, Dedup>> {
  checkChannel("topic", name, definition.messages, definition.ordered === "by-key");
  return channelOf({
    format: 1,
    name,
    kind: "topic",
    messages: definition.messages,
    needs: needsOf("topics", definition) as TopicNeeds<Ordered, Scheduled, Dedup>[],
    settings: {
      ...settingsOf(`topic "${name}"`, definition),
      ...(definition.subscriptions !== undefined ? { subscriptions: frozen(definition.subscriptions) } : {}),
    },
    narrowed: false,
  });
}
