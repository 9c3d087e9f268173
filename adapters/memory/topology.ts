import {
  WaybillError,
  type ChannelSpec,
  type ConnectContext,
  type Destination,
  type GroupSource,
  type ListenerSource,
  type MessageFilter,
  type Source,
  type SubscriptionSource,
} from "../../src/transport/index.js";
import type { QueueOptions, SubscriptionOptions, TopicOptions } from "./broker/entity-options.js";
import type { DeadLetter } from "./broker/notifier/dead-letter.js";
import { groupKey } from "./broker/stream/checkpoints.js";
import { ConsumerGroup } from "./consumer-group.js";
import { declare } from "./declaration.js";
import { listenerFilter } from "./listener-filter.js";
import { ListenerState } from "./listener-state.js";
import { mapError } from "./map-error.js";
import { subscriptionRules } from "./subscription-rules.js";
import type { World } from "./world.js";

/**
 * Makes the entities that a service sends to and reads exist, as its contracts declare them. What is there stays.
 *
 * @throws {WaybillError} `alreadyExists` if another service declared one otherwise, `invalidOption` for settings that the
 * broker does not take.
 */
export function ensureTopology(world: World, context: ConnectContext): void {
  for (const place of [...context.destinations, ...context.sources]) {
    try {
      if (declare(world.declarations, context.service, place)) createEntity(world, place);
    } catch (error) {
      throw mapError(error, `cannot create ${place.channel.kind} "${place.address}"`, "invalidOption");
    }
  }
  for (const source of context.sources) {
    try {
      ensureSource(world, source);
    } catch (error) {
      throw mapError(error, `cannot read "${source.address}"`, "invalidOption");
    }
  }
}

function createEntity(world: World, { channel, address }: Destination): void {
  const { broker } = world;
  switch (channel.kind) {
    case "queue":
      broker.createQueue(address, queueOptions(channel));
      return;
    case "topic":
      broker.createTopic(address, topicOptions(channel));
      for (const [name, { where }] of Object.entries(channel.settings.subscriptions ?? {})) {
        const filter: MessageFilter = { types: undefined, ...(where !== undefined ? { where } : {}) };
        broker.createSubscription(address, name, {
          ...subscriptionOptions(channel),
          rules: subscriptionRules(name, filter),
        });
      }
      return;
    case "stream": {
      const { partitions, retentionMs } = channel.settings;
      world.streams.createHub(address, {
        ...(partitions !== undefined ? { partitions } : {}),
        ...(retentionMs !== undefined ? { retentionMs } : {}),
      });
      return;
    }
    case "notifications":
      world.notifier.createTopic(address);
  }
}

function ensureSource(world: World, source: Source): void {
  switch (source.kind) {
    case "queue":
      return;
    case "subscription":
      ensureSubscription(world, source);
      return;
    case "group":
      ensureGroup(world, source);
      return;
    case "listener":
      ensureListener(world, source);
  }
}

function ensureSubscription(
  world: World,
  { channel, address, subscription, filter }: SubscriptionSource,
): void {
  const { broker } = world;
  const rules = subscriptionRules(subscription, filter);
  const exists = broker
    .subscriptions(address)
    .some((name) => name.toLowerCase() === subscription.toLowerCase());
  if (!exists) {
    broker.createSubscription(address, subscription, { ...subscriptionOptions(channel), rules });
    return;
  }
  const present = broker.rules(address, subscription);
  if (JSON.stringify(present) === JSON.stringify([...rules].sort(byName))) return;
  for (const { name } of present) broker.removeRule(address, subscription, name);
  for (const rule of rules) broker.addRule(address, subscription, rule);
}

function ensureGroup(world: World, { address, group }: GroupSource): void {
  const key = groupKey(address, group);
  if (world.groups.has(key)) return;
  const { consumerGroups } = world.streams.hubProperties(address);
  const exists = consumerGroups.some((name) => name.toLowerCase() === group.toLowerCase());
  if (!exists) world.streams.createConsumerGroup(address, group);
  world.groups.set(key, new ConsumerGroup(world, address, group));
}

/** A pull subscription cannot change its filter; one that holds nothing is made anew. */
function ensureListener(world: World, { address, listener, filter }: ListenerSource): void {
  const { notifier, listeners } = world;
  const key = groupKey(address, listener);
  const description = listenerFilter(filter);
  const state = new ListenerState(address, listener, JSON.stringify(description));
  const known = listeners.get(key);
  if (known?.filter === state.filter) return;
  if (known !== undefined) {
    const { ready, locked, delayed } = notifier.pullSubscription(address, listener).counts;
    if (ready + locked + delayed > 0) {
      throw new WaybillError(
        "alreadyExists",
        `listener "${listener}" has another filter, ${known.filter}, and holds notifications: let it handle them first, or give the new one another name`,
      );
    }
    notifier.deleteSubscription(address, listener);
  }
  const deadLetter = (letter: DeadLetter): undefined => state.bury(letter);
  notifier.createPullSubscription(address, listener, { filter: description, deadLetter });
  listeners.set(key, state);
}

const byName = (left: { readonly name: string }, right: { readonly name: string }): number =>
  left.name < right.name ? -1 : 1;

/** The largest entity of the standard tier: a test that fills it has other worries. */
const maxSizeBytes = 5 * 1024 ** 3;

function queueOptions(channel: ChannelSpec): QueueOptions {
  return { ...topicOptions(channel), ...subscriptionOptions(channel) };
}

function topicOptions({ settings }: ChannelSpec): TopicOptions {
  const { dedupWindowMs, ttlMs } = settings;
  return {
    maxSizeBytes,
    ...(ttlMs !== undefined ? { defaultTimeToLiveMs: ttlMs } : {}),
    ...(dedupWindowMs !== undefined
      ? { requiresDuplicateDetection: true, duplicateDetectionWindowMs: dedupWindowMs }
      : {}),
  };
}

/** Expired messages are dead-lettered: nothing is lost in silence. */
function subscriptionOptions({ settings }: ChannelSpec): SubscriptionOptions {
  const { ordered, lockMs, maxDeliveries, ttlMs } = settings;
  return {
    requiresSession: ordered,
    deadLetteringOnMessageExpiration: true,
    ...(lockMs !== undefined ? { lockDurationMs: lockMs } : {}),
    ...(maxDeliveries !== undefined ? { maxDeliveryCount: maxDeliveries } : {}),
    ...(ttlMs !== undefined ? { defaultTimeToLiveMs: ttlMs } : {}),
  };
}
