import type { Broker } from "../broker.js";
import type { QueueOptions, SubscriptionOptions, TopicOptions } from "../entity-options.js";
import type { Notifier } from "../notifier/notifier.js";
import type { StreamEngine } from "../stream/stream-engine.js";
import { subscriptionRules, type ChannelFilter } from "./subscription-rules.js";

/** A channel as its contract declares it, as far as it shapes an entity. */
export interface DeclaredChannel {
  readonly kind: "queue" | "topic" | "stream" | "notifications";
  readonly settings: DeclaredSettings;
}

/** The settings of a channel. Durations in milliseconds. */
export interface DeclaredSettings {
  readonly ordered: boolean;
  readonly dedupWindowMs?: number;
  readonly lockMs?: number;
  readonly ttlMs?: number;
  readonly maxDeliveries?: number;
  readonly partitions?: number;
  readonly retentionMs?: number;
  readonly subscriptions?: Readonly<Record<string, Pick<ChannelFilter, "where">>>;
}

/** Who keeps entities. Queues, topics and hubs are made by name, so that an owner may see to it that names are unique. */
export interface EntityMaker extends Pick<Broker, "createQueue" | "createTopic" | "createSubscription"> {
  createHub: StreamEngine["createHub"];
  createNotifications: (name: string) => void;
}

/**
 * Makes the entity of a channel, with the subscriptions that its contract declares: the one place that says what a
 * contract means to a broker.
 *
 * @throws {BrokerError} if there is one already, or for settings that the broker does not take
 */
export function createChannelEntity(
  maker: EntityMaker,
  address: string,
  { kind, settings }: DeclaredChannel,
): void {
  switch (kind) {
    case "queue":
      maker.createQueue(address, queueOptions(settings));
      return;
    case "topic":
      maker.createTopic(address, topicOptions(settings));
      for (const [name, { where }] of Object.entries(settings.subscriptions ?? {})) {
        const rules = subscriptionRules(name, { where });
        maker.createSubscription(address, name, { ...channelSubscriptionOptions(settings), rules });
      }
      return;
    case "stream": {
      const { partitions, retentionMs } = settings;
      maker.createHub(address, {
        ...(partitions !== undefined ? { partitions } : {}),
        ...(retentionMs !== undefined ? { retentionMs } : {}),
      });
      return;
    }
    case "notifications":
      maker.createNotifications(address);
  }
}

/** The makers of an in-memory broker, whose kinds of entities have names of their own. */
export function entityMaker(engines: {
  readonly broker: Broker;
  readonly streams: StreamEngine;
  readonly notifier: Notifier;
}): EntityMaker {
  const { broker, streams, notifier } = engines;
  return {
    createQueue: (name, options) => broker.createQueue(name, options),
    createTopic: (name, options) => broker.createTopic(name, options),
    createSubscription: (topic, name, options) => broker.createSubscription(topic, name, options),
    createHub: (name, options) => streams.createHub(name, options),
    createNotifications: (name) => notifier.createTopic(name),
  };
}

/** Expired messages are dead-lettered: nothing is lost in silence. */
export function channelSubscriptionOptions(settings: DeclaredSettings): SubscriptionOptions {
  const { ordered, lockMs, maxDeliveries, ttlMs } = settings;
  return {
    requiresSession: ordered,
    deadLetteringOnMessageExpiration: true,
    ...(lockMs !== undefined ? { lockDurationMs: lockMs } : {}),
    ...(maxDeliveries !== undefined ? { maxDeliveryCount: maxDeliveries } : {}),
    ...(ttlMs !== undefined ? { defaultTimeToLiveMs: ttlMs } : {}),
  };
}

/** The largest entity of the standard tier: a test that fills it has other worries. */
const maxSizeBytes = 5 * 1024 ** 3;

function queueOptions(settings: DeclaredSettings): QueueOptions {
  return { ...topicOptions(settings), ...channelSubscriptionOptions(settings) };
}

function topicOptions({ dedupWindowMs, ttlMs }: DeclaredSettings): TopicOptions {
  return {
    maxSizeBytes,
    ...(ttlMs !== undefined ? { defaultTimeToLiveMs: ttlMs } : {}),
    ...(dedupWindowMs !== undefined
      ? { requiresDuplicateDetection: true, duplicateDetectionWindowMs: dedupWindowMs }
      : {}),
  };
}
