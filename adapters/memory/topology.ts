import {
  WaybillError,
  type ConnectContext,
  type GroupSource,
  type ListenerSource,
  type Source,
  type SubscriptionSource,
} from "../../src/transport/index.js";
import {
  channelSubscriptionOptions,
  createChannelEntity,
  entityMaker,
} from "./broker/channels/channel-entity.js";
import { subscriptionRules } from "./broker/channels/subscription-rules.js";
import type { DeadLetter } from "./broker/notifier/dead-letter.js";
import { groupKey } from "./broker/stream/checkpoints.js";
import { ConsumerGroup } from "./consumer-group.js";
import { declare } from "./declaration.js";
import { listenerFilter } from "./listener-filter.js";
import { ListenerState } from "./listener-state.js";
import { mapError } from "./map-error.js";
import type { World } from "./world.js";

/**
 * Makes the entities that a service sends to and reads exist, as its contracts declare them. What is there stays.
 *
 * @throws {WaybillError} `alreadyExists` if another service declared one otherwise, `invalidOption` for settings that the
 * broker does not take.
 */
export function ensureTopology(world: World, context: ConnectContext): void {
  const maker = entityMaker(world);
  for (const place of [...context.destinations, ...context.sources]) {
    try {
      if (declare(world.declarations, context.service, place))
        createChannelEntity(maker, place.address, place.channel);
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
    broker.createSubscription(address, subscription, {
      ...channelSubscriptionOptions(channel.settings),
      rules,
    });
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
