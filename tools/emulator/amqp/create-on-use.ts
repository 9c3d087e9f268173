import type { Namespace } from "../namespace.js";
import type { EntityNeed } from "./entity-path.js";

/**
 * Makes what a client asks for, with default options, unless it is there.
 *
 * Somebody who sends to a new name gets a queue, because a topic looks the same to a sender: create topics before their
 * senders come, or let a subscriber be the first.
 * @throws {BrokerError} for a name that an entity cannot have, or that another kind of entity has
 */
export function createOnUse(namespace: Namespace, need: EntityNeed): void {
  if (need.kind === "queue") {
    if (namespace.kindOf(need.name) === undefined) namespace.createQueue(need.name);
  } else if (need.kind === "subscription") {
    ensureSubscription(namespace, need.topic, need.subscription);
  } else {
    if (namespace.kindOf(need.name) === undefined) namespace.createHub(need.name);
    if (need.group !== undefined) ensureGroup(namespace, need.name, need.group);
  }
}

function ensureSubscription(namespace: Namespace, topic: string, subscription: string): void {
  if (namespace.kindOf(topic) === undefined) namespace.createTopic(topic);
  if (namespace.kindOf(topic) !== "topic") return;
  namespace.enter(() => {
    const { broker } = namespace;
    const has = broker.subscriptions(topic).some((name) => name.toLowerCase() === subscription.toLowerCase());
    if (!has) broker.createSubscription(topic, subscription);
  });
}

function ensureGroup(namespace: Namespace, hub: string, group: string): void {
  if (namespace.kindOf(hub) !== "hub") return;
  namespace.enter(() => {
    const { streams } = namespace;
    const groups = streams.hubProperties(hub).consumerGroups;
    const has = groups.some((name) => name.toLowerCase() === group.toLowerCase());
    if (!has) streams.createConsumerGroup(hub, group);
  });
}
