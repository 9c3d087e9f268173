import {
  checkRuleName,
  createQueue,
  createSubscription,
  createTopic,
  deleteQueue,
  deleteSubscription,
  deleteTopic,
  updateQueue,
  updateSubscription,
  updateTopic,
} from "./administration.js";
import { subscriptionPath } from "./address.js";
import { queueNamed, subscriptionNamed, topicNamed, type SendTarget } from "./entities.js";
import type { QueueOptions, SubscriptionOptions, TopicOptions } from "./entity-options.js";
import { flush } from "./flush.js";
import type { Kernel } from "./kernel.js";
import { addRule, removeRule, replaceRule } from "./rule-set.js";
import type { RuleDescription } from "./rules/rule.js";
import { countMessages, type MessageCounts } from "./message-counts.js";
import type { MessageStore } from "./store.js";

/** Creating, changing and looking at entities. */
export interface Administration {
  createQueue(name: string, options?: QueueOptions): void;
  updateQueue(name: string, changes: QueueOptions): void;
  deleteQueue(name: string): void;
  getQueue(name: string): EntityProperties<QueueOptions>;
  createTopic(name: string, options?: TopicOptions): void;
  updateTopic(name: string, changes: TopicOptions): void;
  deleteTopic(name: string): void;
  getTopic(name: string): EntityProperties<TopicOptions>;
  createSubscription(topic: string, name: string, options?: SubscriptionOptions): void;
  updateSubscription(topic: string, name: string, changes: SubscriptionOptions): void;
  deleteSubscription(topic: string, name: string): void;
  getSubscription(topic: string, name: string): EntityProperties<SubscriptionOptions>;
  addRule(topic: string, subscription: string, rule: RuleDescription): void;
  /** Replaces the rule of that name. @throws {BrokerError} `amqp:not-found`; nothing changes if the new one is refused. */
  updateRule(topic: string, subscription: string, rule: RuleDescription): void;
  removeRule(topic: string, subscription: string, name: string): void;
  /** Sorted by name. */
  rules(topic: string, subscription: string): RuleDescription[];
  /** Names in the order of creation. */
  queues(): string[];
  topics(): string[];
  subscriptions(topic: string): string[];
}

/** The options of an entity, with what it holds. */
export type EntityProperties<O> = Required<O> & {
  readonly name: string;
  readonly counts: MessageCounts;
  /** Everything that counts against the entity's size, dead letters included; a subscription shows its topic's. */
  readonly sizeBytes: number;
  /** Milliseconds since 1970. */
  readonly createdMs: number;
  /** When its options changed last. */
  readonly updatedMs: number;
  /** When somebody last sent to it, attached to it or accepted a session of it; undefined if nobody did. */
  readonly accessedMs: number | undefined;
};

export function administrationOf(kernel: Kernel): Administration {
  return { ...queuesOf(kernel), ...topicsOf(kernel), ...subscriptionsOf(kernel), ...rulesOf(kernel) };
}

function queuesOf(
  kernel: Kernel,
): Pick<Administration, "createQueue" | "updateQueue" | "deleteQueue" | "getQueue" | "queues"> {
  return {
    createQueue(name, options = {}) {
      createQueue(kernel, name, options);
    },
    updateQueue(name, changes) {
      updateQueue(kernel, name, changes);
      flush(kernel);
    },
    deleteQueue(name) {
      deleteQueue(kernel, name);
      flush(kernel);
    },
    getQueue: (name) => describe(queueNamed(kernel.entities, name)),
    queues: () => namesOf(kernel, "queue"),
  };
}

function topicsOf(
  kernel: Kernel,
): Pick<Administration, "createTopic" | "updateTopic" | "deleteTopic" | "getTopic" | "topics"> {
  return {
    createTopic(name, options = {}) {
      createTopic(kernel, name, options);
    },
    updateTopic(name, changes) {
      updateTopic(kernel, name, changes);
      flush(kernel);
    },
    deleteTopic(name) {
      deleteTopic(kernel, name);
      flush(kernel);
    },
    getTopic: (name) => describe(topicNamed(kernel.entities, name)),
    topics: () => namesOf(kernel, "topic"),
  };
}

type SubscriptionPart =
  "createSubscription" | "updateSubscription" | "deleteSubscription" | "getSubscription" | "subscriptions";

function subscriptionsOf(kernel: Kernel): Pick<Administration, SubscriptionPart> {
  return {
    createSubscription(topic, name, options = {}) {
      createSubscription(kernel, topic, name, options);
    },
    updateSubscription(topic, name, changes) {
      updateSubscription(kernel, topic, name, changes);
      flush(kernel);
    },
    deleteSubscription(topic, name) {
      deleteSubscription(kernel, topic, name);
      flush(kernel);
    },
    getSubscription: (topic, name) => describe(subscriptionNamed(kernel.entities, topic, name)),
    subscriptions: (topic) =>
      [...topicNamed(kernel.entities, topic).subscriptions.values()].map(({ name }) => name),
  };
}

function rulesOf(kernel: Kernel): Pick<Administration, "addRule" | "updateRule" | "removeRule" | "rules"> {
  return {
    addRule(topic, subscription, rule) {
      checkRuleName(rule.name);
      const { rules } = subscriptionNamed(kernel.entities, topic, subscription);
      addRule(rules, subscriptionPath(topic, subscription), rule);
    },
    updateRule(topic, subscription, rule) {
      const { rules } = subscriptionNamed(kernel.entities, topic, subscription);
      replaceRule(rules, subscriptionPath(topic, subscription), rule);
    },
    removeRule(topic, subscription, name) {
      const { rules } = subscriptionNamed(kernel.entities, topic, subscription);
      removeRule(rules, subscriptionPath(topic, subscription), name);
    },
    rules(topic, subscription) {
      const { rules } = subscriptionNamed(kernel.entities, topic, subscription).rules;
      return rules.map(({ description }) => description).sort((a, b) => (a.name < b.name ? -1 : 1));
    },
  };
}

function describe<O>(entity: {
  readonly name: string;
  readonly options: Required<O>;
  readonly store: MessageStore;
  readonly createdMs: number;
  readonly updatedMs: number;
}): EntityProperties<O> {
  const { name, options, store, createdMs, updatedMs } = entity;
  const { accessedMs, quota } = store;
  return {
    ...options,
    name,
    counts: countMessages(store),
    sizeBytes: quota.usedBytes,
    createdMs,
    updatedMs,
    accessedMs,
  };
}

function namesOf(kernel: Kernel, kind: SendTarget["kind"]): string[] {
  return [...kernel.entities.byName.values()].filter((each) => each.kind === kind).map(({ name }) => name);
}
