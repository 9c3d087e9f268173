import { parseAddress, subscriptionPath } from "./address.js";
import { DedupWindow } from "./dedup-window.js";
import {
  queueNamed,
  subscriptionNamed,
  topicNamed,
  type SendTarget,
  type SubscriptionEntity,
} from "./entities.js";
import {
  queueOptions,
  refuseFixedChanges,
  subscriptionOptions,
  topicOptions,
  type QueueOptions,
  type SubscriptionOptions,
  type TopicOptions,
} from "./entity-options.js";
import { applyHoldingOptions, createHoldingStore, createTopicStore, topicSettings } from "./entity-store.js";
import { detachAll, detachSenders } from "./detach.js";
import { FanOut } from "./fan-out.js";
import { touch, type Kernel } from "./kernel.js";
import { createQuota } from "./quota.js";
import {
  badArgument,
  entityDisabled,
  entityExists,
  entityNotFound,
  notAllowed,
  outOfRange,
} from "./refusals.js";
import { createRuleSet, defaultRule } from "./rule-set.js";
import { resumeSchedules } from "./schedule.js";
import { endLock, release, type MessageStore } from "./store.js";

export function createQueue(kernel: Kernel, name: string, given: QueueOptions): void {
  checkNewName(kernel, name);
  const options = queueOptions(kernel.tier, given);
  checkDestinations(kernel, options);
  const store = createHoldingStore("queue", name, options, createQuota(options.maxSizeBytes));
  register(kernel, {
    kind: "queue",
    name,
    options,
    store,
    dedup: dedupOf(options),
    senders: new Set(),
    ...bornNow(kernel),
  });
}

export function updateQueue(kernel: Kernel, name: string, changes: QueueOptions): void {
  const queue = queueNamed(kernel.entities, name);
  refuseFixedChanges(queue.options, changes, ["requiresSession", "requiresDuplicateDetection"]);
  const options = queueOptions(kernel.tier, { ...queue.options, ...changes });
  checkDestinations(kernel, options);
  queue.options = options;
  queue.updatedMs = kernel.wheel.nowMs();
  queue.store.quota.maxBytes = options.maxSizeBytes;
  if (queue.dedup !== undefined) queue.dedup.windowMs = options.duplicateDetectionWindowMs;
  applyHoldingOptions(queue.store, options, Infinity);
  if (!queue.store.settings.sendable) detachSenders(kernel, queue, entityDisabled(queue.name, "Send"));
  afterUpdate(kernel, queue.store);
}

export function deleteQueue(kernel: Kernel, name: string): void {
  refuseDeadLetterAddress(name);
  const queue = queueNamed(kernel.entities, name);
  kernel.entities.byName.delete(name.toLowerCase());
  kernel.entities.targets.clear();
  detachSenders(kernel, queue, entityNotFound(queue.name));
  abolish(kernel, queue.store);
}

export function createTopic(kernel: Kernel, name: string, given: TopicOptions): void {
  checkNewName(kernel, name);
  const options = topicOptions(kernel.tier, given);
  const quota = createQuota(options.maxSizeBytes);
  const store = createTopicStore(name, options, quota);
  const dedup = dedupOf(options);
  const subscriptions = new Map<string, SubscriptionEntity>();
  const fanOut = new FanOut();
  register(kernel, {
    kind: "topic",
    name,
    options,
    store,
    dedup,
    quota,
    subscriptions,
    fanOut,
    lastOrdinal: 0,
    senders: new Set(),
    ...bornNow(kernel),
  });
}

export function updateTopic(kernel: Kernel, name: string, changes: TopicOptions): void {
  const topic = topicNamed(kernel.entities, name);
  refuseFixedChanges(topic.options, changes, ["requiresDuplicateDetection"]);
  topic.options = topicOptions(kernel.tier, { ...topic.options, ...changes });
  topic.updatedMs = kernel.wheel.nowMs();
  topic.quota.maxBytes = topic.options.maxSizeBytes;
  if (topic.dedup !== undefined) topic.dedup.windowMs = topic.options.duplicateDetectionWindowMs;
  topic.store.settings = topicSettings(topic.options);
  if (!topic.store.settings.sendable) detachSenders(kernel, topic, entityDisabled(topic.name, "Send"));
  for (const subscription of topic.subscriptions.values()) applySubscription(subscription);
  afterUpdate(kernel, topic.store);
}

export function deleteTopic(kernel: Kernel, name: string): void {
  refuseDeadLetterAddress(name);
  const topic = topicNamed(kernel.entities, name);
  kernel.entities.byName.delete(name.toLowerCase());
  kernel.entities.targets.clear();
  detachSenders(kernel, topic, entityNotFound(topic.name));
  for (const subscription of topic.subscriptions.values()) abolish(kernel, subscription.store);
  abolish(kernel, topic.store);
}

export function createSubscription(
  kernel: Kernel,
  topicName: string,
  name: string,
  given: SubscriptionOptions,
): void {
  const topic = topicNamed(kernel.entities, topicName);
  const path = subscriptionPath(topic.name, name);
  checkLength("subscription", name, maxSubscriptionName);
  if (topic.subscriptions.has(name.toLowerCase())) throw entityExists(path);
  const options = subscriptionOptions(given, [defaultRule]);
  for (const rule of options.rules) checkLength("rule", rule.name, maxSubscriptionName);
  checkDestinations(kernel, options);
  const subscription: SubscriptionEntity = {
    kind: "subscription",
    name,
    topic,
    ordinal: (topic.lastOrdinal += 1),
    options,
    store: createHoldingStore("subscription", path, options, topic.quota),
    rules: createRuleSet(path, options.rules),
    ...bornNow(kernel),
  };
  applySubscription(subscription);
  topic.subscriptions.set(name.toLowerCase(), subscription);
  topic.fanOut.add(subscription);
}

export function updateSubscription(
  kernel: Kernel,
  topic: string,
  name: string,
  changes: SubscriptionOptions,
): void {
  const subscription = subscriptionNamed(kernel.entities, topic, name);
  refuseFixedChanges(subscription.options, changes, ["requiresSession", "rules"]);
  const options = subscriptionOptions({ ...subscription.options, ...changes }, []);
  checkDestinations(kernel, options);
  subscription.options = options;
  subscription.updatedMs = kernel.wheel.nowMs();
  applySubscription(subscription);
  afterUpdate(kernel, subscription.store);
}

export function deleteSubscription(kernel: Kernel, topicName: string, name: string): void {
  refuseDeadLetterAddress(name);
  const subscription = subscriptionNamed(kernel.entities, topicName, name);
  subscription.topic.subscriptions.delete(name.toLowerCase());
  subscription.topic.fanOut.remove(subscription);
  abolish(kernel, subscription.store);
}

const maxPath = 260;
const maxSubscriptionName = 50;

/** @throws {BrokerError} `com.microsoft:argument-out-of-range` for a subscription or rule name above 50 characters. */
export function checkRuleName(name: string): void {
  checkLength("rule", name, maxSubscriptionName);
}

/** Since the broker's start, as every time inside. */
function bornNow(kernel: Kernel): { readonly createdMs: number; updatedMs: number } {
  const nowMs = kernel.wheel.nowMs();
  return { createdMs: nowMs, updatedMs: nowMs };
}

function register(kernel: Kernel, entity: SendTarget): void {
  kernel.begun = true;
  kernel.entities.targets.clear();
  kernel.entities.byName.set(entity.name.toLowerCase(), entity);
}

function checkNewName(kernel: Kernel, name: string): void {
  checkLength("entity", name, maxPath);
  const { subscription, deadLetters } = parseAddress(name);
  if (subscription !== undefined || deadLetters)
    throw badArgument(`'${name}' is not the name of a queue or topic.`);
  if (kernel.entities.byName.has(name.toLowerCase())) throw entityExists(name);
}

function checkLength(what: string, name: string, max: number): void {
  if (name.length < 1 || name.length > max) {
    throw outOfRange(
      `The ${what} name has ${String(name.length)} characters; it must have 1 to ${String(max)}.`,
    );
  }
}

function refuseDeadLetterAddress(name: string): void {
  if (parseAddress(name).deadLetters) {
    throw notAllowed(`The dead-letter queue '${name}' cannot be deleted apart from its entity.`);
  }
}

function checkDestinations(
  kernel: Kernel,
  { forwardTo, forwardDeadLetteredMessagesTo }: Required<Pick<QueueOptions, ForwardOption>>,
): void {
  for (const destination of [forwardTo, forwardDeadLetteredMessagesTo]) {
    if (destination !== "" && !kernel.entities.byName.has(destination.toLowerCase())) {
      throw badArgument("SubCode=40400. The auto forwarding destination entity does not exist.");
    }
  }
}

type ForwardOption = "forwardTo" | "forwardDeadLetteredMessagesTo";

function dedupOf(options: Required<TopicOptions>): DedupWindow | undefined {
  return options.requiresDuplicateDetection ? new DedupWindow(options.duplicateDetectionWindowMs) : undefined;
}

function applySubscription({ store, options, topic }: SubscriptionEntity): void {
  applyHoldingOptions(store, options, topic.options.defaultTimeToLiveMs);
}

/** Receivers of an entity that is no longer receivable end; what waited for a setting goes on. */
function afterUpdate(kernel: Kernel, store: MessageStore): void {
  for (const each of [store, store.deadLetters]) {
    if (each === undefined) continue;
    if (!each.settings.receivable) detachAll(kernel, each, entityDisabled(each.path, "Receive"));
    touch(kernel, each.main);
  }
  if (store.settings.activates) resumeSchedules(kernel, store);
  release(kernel, store.quota, 0);
}

/** Ends everything that belongs to the store of a deleted entity. */
function abolish(kernel: Kernel, store: MessageStore): void {
  detachAll(kernel, store, entityNotFound(store.path));
  for (let record = store.ledger.head; record !== undefined; record = record.ledgerNext) {
    kernel.wheel.cancel(record);
    endLock(kernel, record);
    store.quota.usedBytes -= record.sizeBytes;
  }
  for (const session of store.sessions.values()) store.quota.usedBytes -= session.state?.byteLength ?? 0;
  release(kernel, store.quota, 0);
  if (store.deadLetters !== undefined) abolish(kernel, store.deadLetters);
}
