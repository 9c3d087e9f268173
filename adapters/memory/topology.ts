import {
  type ChannelSpec,
  type ConnectContext,
  type Destination,
  type MessageFilter,
  type Source,
  type SubscriptionSource,
} from "../../src/transport/index.js";
import type { QueueOptions, SubscriptionOptions, TopicOptions } from "./broker/entity-options.js";
import { declare } from "./declaration.js";
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
    case "stream":
    case "notifications":
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
    case "listener":
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
