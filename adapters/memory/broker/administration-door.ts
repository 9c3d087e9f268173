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

/** Creating, changing and looking at entities. */
export class AdministrationDoor {
  readonly #kernel: Kernel;

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
  }

  createQueue(name: string, options: QueueOptions = {}): void {
    createQueue(this.#kernel, name, options);
  }

  updateQueue(name: string, changes: QueueOptions): void {
    updateQueue(this.#kernel, name, changes);
    flush(this.#kernel);
  }

  deleteQueue(name: string): void {
    deleteQueue(this.#kernel, name);
    flush(this.#kernel);
  }

  getQueue(name: string): EntityProperties<QueueOptions> {
    return describe(this.#kernel, queueNamed(this.#kernel.entities, name));
  }

  /** What a queue holds, for those who ask often: without its options. */
  queueCounts(name: string): MessageCounts {
    return countMessages(queueNamed(this.#kernel.entities, name).store);
  }

  createTopic(name: string, options: TopicOptions = {}): void {
    createTopic(this.#kernel, name, options);
  }

  updateTopic(name: string, changes: TopicOptions): void {
    updateTopic(this.#kernel, name, changes);
    flush(this.#kernel);
  }

  deleteTopic(name: string): void {
    deleteTopic(this.#kernel, name);
    flush(this.#kernel);
  }

  getTopic(name: string): EntityProperties<TopicOptions> {
    return describe(this.#kernel, topicNamed(this.#kernel.entities, name));
  }

  createSubscription(topic: string, name: string, options: SubscriptionOptions = {}): void {
    createSubscription(this.#kernel, topic, name, options);
  }

  updateSubscription(topic: string, name: string, changes: SubscriptionOptions): void {
    updateSubscription(this.#kernel, topic, name, changes);
    flush(this.#kernel);
  }

  deleteSubscription(topic: string, name: string): void {
    deleteSubscription(this.#kernel, topic, name);
    flush(this.#kernel);
  }

  getSubscription(topic: string, name: string): EntityProperties<SubscriptionOptions> {
    return describe(this.#kernel, subscriptionNamed(this.#kernel.entities, topic, name));
  }

  addRule(topic: string, subscription: string, rule: RuleDescription): void {
    checkRuleName(rule.name);
    const entity = subscriptionNamed(this.#kernel.entities, topic, subscription);
    entity.topic.fanOut.whileChanging(entity, () => {
      addRule(entity.rules, subscriptionPath(topic, subscription), rule);
    });
  }

  /** Replaces the rule of that name. @throws {BrokerError} `amqp:not-found`; nothing changes if the new one is refused. */
  updateRule(topic: string, subscription: string, rule: RuleDescription): void {
    const entity = subscriptionNamed(this.#kernel.entities, topic, subscription);
    entity.topic.fanOut.whileChanging(entity, () => {
      replaceRule(entity.rules, subscriptionPath(topic, subscription), rule);
    });
  }

  removeRule(topic: string, subscription: string, name: string): void {
    const entity = subscriptionNamed(this.#kernel.entities, topic, subscription);
    entity.topic.fanOut.whileChanging(entity, () => {
      removeRule(entity.rules, subscriptionPath(topic, subscription), name);
    });
  }

  /** Sorted by name. */
  rules(topic: string, subscription: string): RuleDescription[] {
    const { rules } = subscriptionNamed(this.#kernel.entities, topic, subscription).rules;
    return rules.map(({ description }) => description).sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** Names in the order of creation. */
  queues(): string[] {
    return namesOf(this.#kernel, "queue");
  }

  topics(): string[] {
    return namesOf(this.#kernel, "topic");
  }

  subscriptions(topic: string): string[] {
    return [...topicNamed(this.#kernel.entities, topic).subscriptions.values()].map(({ name }) => name);
  }
}

function describe<O>(kernel: Kernel, entity: Described<O>): EntityProperties<O> {
  const { name, options, store, createdMs, updatedMs } = entity;
  const { accessedMs, quota } = store;
  const { startMs } = kernel;
  return {
    ...options,
    name,
    counts: countMessages(store),
    sizeBytes: quota.usedBytes,
    createdMs: startMs + createdMs,
    updatedMs: startMs + updatedMs,
    accessedMs: accessedMs === undefined ? undefined : startMs + accessedMs,
  };
}

interface Described<O> {
  readonly name: string;
  readonly options: Required<O>;
  readonly store: MessageStore;
  readonly createdMs: number;
  readonly updatedMs: number;
}

function namesOf(kernel: Kernel, kind: SendTarget["kind"]): string[] {
  return [...kernel.entities.byName.values()].filter((each) => each.kind === kind).map(({ name }) => name);
}
