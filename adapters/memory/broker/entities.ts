import type { BrokerError } from "./broker-error.js";
import type { DedupWindow } from "./dedup-window.js";
import type { QueueOptions, SubscriptionOptions, TopicOptions } from "./entity-options.js";
import type { FanOut } from "./fan-out.js";
import type { Quota } from "./quota.js";
import type { RuleSet } from "./rule-set.js";
import type { MessageStore } from "./store.js";
import { parseAddress } from "./address.js";
import { entityNotFound, notAllowed } from "./refusals.js";

interface Entity {
  /** When it was created, and when its options changed last; milliseconds since 1970. */
  readonly createdMs: number;
  updatedMs: number;
}

interface Sendable {
  /** How those who may send, and want to be told when they may no longer, are told. */
  readonly senders: Set<(error: BrokerError) => void>;
}

export interface QueueEntity extends Entity, Sendable {
  readonly kind: "queue";
  readonly name: string;
  options: Required<QueueOptions>;
  readonly store: MessageStore;
  readonly dedup: DedupWindow | undefined;
}

export interface TopicEntity extends Entity, Sendable {
  readonly kind: "topic";
  readonly name: string;
  options: Required<TopicOptions>;
  /** Holds scheduled messages and numbers all that are published. */
  readonly store: MessageStore;
  readonly dedup: DedupWindow | undefined;
  readonly quota: Quota;
  /** By lower-case name. */
  readonly subscriptions: Map<string, SubscriptionEntity>;
  readonly fanOut: FanOut;
  /** The ordinal of the latest subscription. */
  lastOrdinal: number;
}

export interface SubscriptionEntity extends Entity {
  readonly kind: "subscription";
  readonly name: string;
  readonly topic: TopicEntity;
  /** Counts the subscriptions of the topic in the order of their creation. */
  readonly ordinal: number;
  options: Required<SubscriptionOptions>;
  readonly store: MessageStore;
  readonly rules: RuleSet;
}

/** What can be sent to. */
export type SendTarget = QueueEntity | TopicEntity;

/** All entities of a broker. */
export interface Entities {
  /** Queues and topics share one name space, by lower-case name. */
  readonly byName: Map<string, SendTarget>;
  /** Addresses as callers spell them, so that the hot path does not parse; emptied when an entity comes or goes. */
  readonly targets: Map<string, SendTarget>;
}

export const createEntities = (): Entities => ({ byName: new Map(), targets: new Map() });

const maxRememberedAddresses = 20_000;

/**
 * The queue or topic at `address`.
 *
 * @throws {BrokerError} `amqp:not-found` if there is none or it is a subscription, `amqp:not-allowed` for a dead-letter queue.
 */
export function sendTarget(entities: Entities, address: string): SendTarget {
  const known = entities.targets.get(address);
  if (known !== undefined) return known;
  const { name, subscription, deadLetters } = parseAddress(address);
  const entity = entities.byName.get(name.toLowerCase());
  if (entity === undefined || (subscription !== undefined && !deadLetters)) throw entityNotFound(address);
  if (deadLetters)
    throw notAllowed(`Messages cannot be sent directly to the dead-letter queue '${address}'.`);
  if (entities.targets.size >= maxRememberedAddresses) entities.targets.clear();
  entities.targets.set(address, entity);
  return entity;
}

/**
 * The queue, subscription or dead-letter queue at `address`.
 *
 * @throws {BrokerError} `amqp:not-found` if there is none, or if it is a topic.
 */
export function receiveSource(entities: Entities, address: string): MessageStore {
  const store = anyStore(entities, address);
  if (store.role === "topic") throw entityNotFound(address);
  return store;
}

/** Like `receiveSource`, but a topic stands for its scheduled messages: what the management door reads. */
export function anyStore(entities: Entities, address: string): MessageStore {
  const { name, subscription, deadLetters } = parseAddress(address);
  const entity = entities.byName.get(name.toLowerCase());
  if (entity === undefined) throw entityNotFound(address);
  const owner = subscription === undefined ? entity : subscriptionOf(entity, subscription);
  const store = deadLetters ? owner?.store.deadLetters : owner?.store;
  if (store === undefined) throw entityNotFound(address);
  return store;
}

/** @throws {BrokerError} `amqp:not-found` */
export function topicNamed(entities: Entities, name: string): TopicEntity {
  const entity = entities.byName.get(name.toLowerCase());
  if (entity?.kind !== "topic") throw entityNotFound(name);
  return entity;
}

/** @throws {BrokerError} `amqp:not-found` */
export function queueNamed(entities: Entities, name: string): QueueEntity {
  const entity = entities.byName.get(name.toLowerCase());
  if (entity?.kind !== "queue") throw entityNotFound(name);
  return entity;
}

/** @throws {BrokerError} `amqp:not-found` */
export function subscriptionNamed(entities: Entities, topic: string, name: string): SubscriptionEntity {
  const subscription = topicNamed(entities, topic).subscriptions.get(name.toLowerCase());
  if (subscription === undefined) throw entityNotFound(`${topic}/Subscriptions/${name}`);
  return subscription;
}

function subscriptionOf(entity: SendTarget, name: string): SubscriptionEntity | undefined {
  return entity.kind === "topic" ? entity.subscriptions.get(name.toLowerCase()) : undefined;
}
