import { BrokerError } from "../broker-error.js";
import type { EventFilter } from "./filter.js";
import type { JsonObject } from "./json.js";
import { within } from "./pull-options.js";
import type { StoredEvent } from "./stored-event.js";

/** Options of a topic. */
export interface TopicOptions {
  /**
   * `namespace` (default): CloudEvents, pull and push subscriptions. `custom`: the push-only topics of Event Grid
   * Basic, in either schema.
   */
  readonly kind?: "namespace" | "custom";
  /** Schema of the events. Default `cloudEvents`, the only one of a namespace. */
  readonly schema?: "cloudEvents" | "eventGrid";
  /** Access keys in base64; any of them is accepted at the HTTP door. Default none: everybody may publish. */
  readonly keys?: readonly string[];
  /** How long an event may wait at most, up to 7 days (the default) in a namespace and 1 day in a custom topic. */
  readonly retentionMs?: number;
  /** What the service writes into `topic` of an event in the Event Grid schema. Default: made from the name. */
  readonly resourceId?: string;
}

/** A topic: its settings and its subscriptions by lower-cased name. */
export interface Topic extends Required<TopicOptions> {
  readonly name: string;
  readonly subscriptions: Map<string, TopicSubscription>;
}

/** What a topic knows of a subscription. */
export interface TopicSubscription {
  readonly name: string;
  readonly matches: EventFilter;
  /** Keeps a copy; nothing is handed out before `pump`, so that the events of one request can form batches. */
  offer(event: StoredEvent): void;
  pump(): void;
  close(): void;
}

/** @throws {BrokerError} `badRequest` for options that contradict each other. */
export function newTopic(name: string, options: TopicOptions): Topic {
  const kind = options.kind ?? "namespace";
  const schema = options.schema ?? "cloudEvents";
  if (kind === "namespace" && schema === "eventGrid") {
    throw new BrokerError(
      "badRequest",
      `A namespace topic takes CloudEvents only: use kind "custom" for "${name}".`,
    );
  }
  const maxRetentionMs = (kind === "namespace" ? 7 : 1) * 24 * 60 * 60 * 1_000;
  return {
    name,
    kind,
    schema,
    keys: options.keys ?? [],
    retentionMs: within("retentionMs", options.retentionMs ?? maxRetentionMs, 1, maxRetentionMs),
    resourceId:
      options.resourceId ??
      `/subscriptions/local/resourceGroups/local/providers/Microsoft.EventGrid/topics/${name}`,
    subscriptions: new Map(),
  };
}

const maxSubscriptions = 500;

/** @throws {BrokerError} `quotaExceeded` for the 501st subscription, `alreadyExists` for a name in use. */
export function addSubscription(topic: Topic, subscription: TopicSubscription): void {
  const key = subscription.name.toLowerCase();
  if (topic.subscriptions.has(key)) {
    throw new BrokerError(
      "alreadyExists",
      `Topic ${topic.name} already has a subscription ${subscription.name}.`,
    );
  }
  if (topic.subscriptions.size >= maxSubscriptions) {
    throw new BrokerError(
      "quotaExceeded",
      `Topic ${topic.name} has ${maxSubscriptions} subscriptions: delete one.`,
    );
  }
  topic.subscriptions.set(key, subscription);
}

/** An event that passed every check, with the parsed form that filters read. */
export interface AcceptedEvent {
  readonly stored: StoredEvent;
  readonly value: JsonObject;
}

/** Copies events to every subscription that wants them, and then lets each hand them out. */
export function fanOut(
  topic: Topic,
  events: readonly AcceptedEvent[],
  copies: (subscription: string, eventId: string) => number,
): void {
  const subscriptions = [...topic.subscriptions.values()];
  for (const { stored, value } of events) {
    for (const subscription of subscriptions) {
      if (!subscription.matches(value)) continue;
      for (let copy = copies(subscription.name, stored.id); copy > 0; copy--) {
        subscription.offer(stored);
      }
    }
  }
  for (const subscription of subscriptions) subscription.pump();
}
