import {
  createQueue,
  createSubscription,
  createTopic,
  updateQueue,
  updateSubscription,
} from "../administration.js";
import type { DedupWindow } from "../dedup-window.js";
import type { QueueEntity, SubscriptionEntity, TopicEntity } from "../entities.js";
import { queueNamed, subscriptionNamed, topicNamed } from "../entities.js";
import type { QueueOptions, SubscriptionOptions, TopicOptions } from "../entity-options.js";
import { flush } from "../flush.js";
import type { Kernel } from "../kernel.js";
import { restoreStore, snapshotStore, type StoreSnapshot } from "./store-snapshot.js";

/** Every queue, topic and subscription with what it holds, at one moment. Shares the messages: nobody may change them. */
export interface BrokerSnapshot {
  readonly queues: readonly QueueSnapshot[];
  readonly topics: readonly TopicSnapshot[];
}

interface QueueSnapshot extends HoldingSnapshot {
  readonly options: Required<QueueOptions>;
  readonly remembered: readonly RememberedId[] | undefined;
}

interface TopicSnapshot extends Dates {
  readonly name: string;
  readonly options: Required<TopicOptions>;
  readonly remembered: readonly RememberedId[] | undefined;
  readonly store: StoreSnapshot;
  readonly subscriptions: readonly SubscriptionSnapshot[];
}

interface SubscriptionSnapshot extends HoldingSnapshot {
  /** Its rules are those of now. */
  readonly options: Required<SubscriptionOptions>;
}

interface HoldingSnapshot extends Dates {
  readonly name: string;
  readonly store: StoreSnapshot;
  readonly deadLetters: StoreSnapshot;
}

interface Dates {
  readonly createdMs: number;
  readonly updatedMs: number;
}

/** A message id of a duplicate window, and when it came. */
type RememberedId = readonly [id: string, atMs: number];

/** What the broker holds now. Receivers, locks and accepted sessions are not part of it. */
export function snapshotBroker(kernel: Kernel): BrokerSnapshot {
  const entities = [...kernel.entities.byName.values()];
  return {
    queues: entities
      .filter((entity) => entity.kind === "queue")
      .map((queue) => snapshotQueue(queue, kernel.startMs)),
    topics: entities
      .filter((entity) => entity.kind === "topic")
      .map((topic) => snapshotTopic(topic, kernel.startMs)),
  };
}

/**
 * Fills an empty broker. What was locked is available again, and its unfinished delivery is not counted; a deferred
 * message stays deferred. Times are kept as they were: the broker's clock must show the moment of the snapshot.
 *
 * @throws {BrokerError} for options that this broker's tier does not allow
 */
export function restoreBroker(kernel: Kernel, snapshot: BrokerSnapshot): void {
  // Forwarding may name an entity that comes later: first all entities, then who forwards where, then messages.
  for (const { name, options } of snapshot.queues) createQueue(kernel, name, { ...options, ...noForwarding });
  for (const topic of snapshot.topics) {
    createTopic(kernel, topic.name, topic.options);
    for (const { name, options } of topic.subscriptions) {
      createSubscription(kernel, topic.name, name, { ...options, ...noForwarding });
    }
  }
  for (const { name, options } of snapshot.queues) updateQueue(kernel, name, forwardingOf(options));
  for (const topic of snapshot.topics) {
    for (const { name, options } of topic.subscriptions) {
      updateSubscription(kernel, topic.name, name, forwardingOf(options));
    }
  }
  for (const queue of snapshot.queues) restoreQueue(kernel, queue);
  for (const topic of snapshot.topics) restoreTopic(kernel, topic);
  flush(kernel);
}

const noForwarding = { forwardTo: "", forwardDeadLetteredMessagesTo: "" };

type Forwarding = Required<Pick<QueueOptions, keyof typeof noForwarding>>;

const forwardingOf = ({ forwardTo, forwardDeadLetteredMessagesTo }: Forwarding): Forwarding => ({
  forwardTo,
  forwardDeadLetteredMessagesTo,
});

// Inside, times count from the broker's start; in a snapshot from 1970, so that another broker can take them.

function snapshotQueue(queue: QueueEntity, startMs: number): QueueSnapshot {
  return {
    ...snapshotHolding(queue, startMs),
    options: queue.options,
    remembered: rememberedIds(queue.dedup, startMs),
  };
}

function snapshotTopic(topic: TopicEntity, startMs: number): TopicSnapshot {
  const { name, options, store, dedup, subscriptions } = topic;
  return {
    name,
    ...moved(topic, startMs),
    options,
    remembered: rememberedIds(dedup, startMs),
    store: snapshotStore(store, startMs),
    subscriptions: [...subscriptions.values()].map((each) => snapshotSubscription(each, startMs)),
  };
}

function snapshotSubscription(subscription: SubscriptionEntity, startMs: number): SubscriptionSnapshot {
  const rules = subscription.rules.rules.map(({ description }) => description);
  return { ...snapshotHolding(subscription, startMs), options: { ...subscription.options, rules } };
}

function snapshotHolding(entity: QueueEntity | SubscriptionEntity, startMs: number): HoldingSnapshot {
  const { name, store } = entity;
  const { deadLetters } = store;
  return {
    name,
    ...moved(entity, startMs),
    store: snapshotStore(store, startMs),
    deadLetters: deadLetters === undefined ? emptyStore : snapshotStore(deadLetters, startMs),
  };
}

const moved = ({ createdMs, updatedMs }: Dates, byMs: number): Dates => ({
  createdMs: createdMs + byMs,
  updatedMs: updatedMs + byMs,
});

const emptyStore: StoreSnapshot = {
  lastSequenceNumber: 0,
  accessedMs: undefined,
  messages: [],
  sessionStates: [],
};

function rememberedIds(window: DedupWindow | undefined, startMs: number): RememberedId[] | undefined {
  return window?.remembered().map(([id, atMs]) => [id, startMs + atMs]);
}

function restoreQueue(kernel: Kernel, saved: QueueSnapshot): void {
  const queue = queueNamed(kernel.entities, saved.name);
  remember(kernel, queue.dedup, saved.remembered);
  restoreHolding(kernel, queue, saved);
}

function restoreTopic(kernel: Kernel, saved: TopicSnapshot): void {
  const topic = topicNamed(kernel.entities, saved.name);
  Object.assign(topic, moved(saved, -kernel.startMs));
  remember(kernel, topic.dedup, saved.remembered);
  restoreStore(kernel, topic.store, saved.store);
  for (const each of saved.subscriptions) {
    restoreHolding(kernel, subscriptionNamed(kernel.entities, saved.name, each.name), each);
  }
}

function restoreHolding(
  kernel: Kernel,
  entity: QueueEntity | SubscriptionEntity,
  saved: HoldingSnapshot,
): void {
  const { store } = entity;
  Object.assign(entity, moved(saved, -kernel.startMs));
  restoreStore(kernel, store, saved.store);
  if (store.deadLetters !== undefined) restoreStore(kernel, store.deadLetters, saved.deadLetters);
}

function remember(
  kernel: Kernel,
  window: DedupWindow | undefined,
  ids: readonly RememberedId[] | undefined,
): void {
  if (window === undefined || ids === undefined) return;
  // Each id as of its own time, so that none of them is too old to be remembered.
  for (const [id, atMs] of ids) window.seenBefore(id, atMs - kernel.startMs);
}
