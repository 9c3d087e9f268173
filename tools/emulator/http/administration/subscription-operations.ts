import { BrokerError } from "../../../../adapters/memory/broker/broker-error.js";
import {
  subscriptionOptions,
  type SubscriptionOptions,
} from "../../../../adapters/memory/broker/entity-options.js";
import type { RuleDescription } from "../../../../adapters/memory/broker/rules/rule.js";
import type { AtomEntry } from "./atom.js";
import {
  checkName,
  describedAs,
  entryAnswer,
  feedAnswer,
  noContent,
  refuseMethod,
  sorted,
  type Answer,
  type Operation,
} from "./operation.js";
import { readRule, writeRule } from "./rule-description.js";
import { readSubscription, writeSubscription } from "./subscription-description.js";

/** Creates, changes, shows and deletes a subscription. */
export function subscriptionOperation(operation: Operation, topic: string, name: string): Answer {
  const { broker } = operation.namespace;
  switch (operation.method) {
    case "PUT": {
      const options = readSubscription(describedAs(operation, "SubscriptionDescription").fields);
      if (operation.isUpdate) broker.updateSubscription(topic, name, whole(options));
      else {
        checkName(name, operation.place.origin + operation.path);
        broker.createSubscription(topic, name, options);
      }
      return entryAnswer(
        operation,
        subscriptionEntry(operation, topic, name),
        operation.isUpdate ? 200 : 201,
      );
    }
    case "GET":
      return entryAnswer(operation, subscriptionEntry(operation, topic, name));
    case "DELETE":
      broker.deleteSubscription(topic, name);
      return noContent;
    default:
      return refuseMethod(operation.method);
  }
}

export function listSubscriptions(operation: Operation, topic: string): Answer {
  const names = sorted(operation.namespace.broker.subscriptions(topic));
  return feedAnswer(operation, "Subscriptions", names, (name) => subscriptionEntry(operation, topic, name));
}

/** Creates, changes, shows and deletes a rule of a subscription. */
export function ruleOperation(
  operation: Operation,
  place: { readonly topic: string; readonly subscription: string },
  name: string,
): Answer {
  const { broker } = operation.namespace;
  const { topic, subscription } = place;
  switch (operation.method) {
    case "PUT": {
      const rule = { ...readRule(describedAs(operation, "RuleDescription").description, name), name };
      if (operation.isUpdate) broker.updateRule(topic, subscription, rule);
      else broker.addRule(topic, subscription, rule);
      const status = operation.isUpdate ? 200 : 201;
      return entryAnswer(operation, ruleEntry(operation, place, ruleNamed(operation, place, name)), status);
    }
    case "GET":
      return entryAnswer(operation, ruleEntry(operation, place, ruleNamed(operation, place, name)));
    case "DELETE":
      broker.removeRule(topic, subscription, name);
      return noContent;
    default:
      return refuseMethod(operation.method);
  }
}

export function listRules(
  operation: Operation,
  place: { readonly topic: string; readonly subscription: string },
): Answer {
  const rules = operation.namespace.broker.rules(place.topic, place.subscription);
  return feedAnswer(operation, "Rules", rules, (rule) => ruleEntry(operation, place, rule));
}

function subscriptionEntry({ namespace, clock, place }: Operation, topic: string, name: string): AtomEntry {
  const subscription = namespace.broker.getSubscription(topic, name);
  return {
    path: `${namespace.broker.getTopic(topic).name}/Subscriptions/${subscription.name}`,
    title: subscription.name,
    updated: new Date(clock.toWire(subscription.updatedMs)).toISOString(),
    element: "SubscriptionDescription",
    description: writeSubscription(subscription, clock, place.origin),
  };
}

function ruleEntry(
  { namespace, clock }: Operation,
  place: { readonly topic: string; readonly subscription: string },
  rule: RuleDescription,
): AtomEntry {
  const subscription = namespace.broker.getSubscription(place.topic, place.subscription);
  const topic = namespace.broker.getTopic(place.topic);
  return {
    path: `${topic.name}/Subscriptions/${subscription.name}/Rules/${rule.name}`,
    title: rule.name,
    updated: new Date(clock.toWire(subscription.updatedMs)).toISOString(),
    element: "RuleDescription",
    description: writeRule(rule),
  };
}

function ruleNamed(
  { namespace }: Operation,
  { topic, subscription }: { readonly topic: string; readonly subscription: string },
  name: string,
): RuleDescription {
  const rules = namespace.broker.rules(topic, subscription);
  const rule = rules.find((each) => each.name.toLowerCase() === name.toLowerCase());
  if (rule !== undefined) return rule;
  throw new BrokerError(
    "amqp:not-found",
    `Entity '${namespace.name}:Topic:${topic}|${subscription}|${name}' was not found.`,
  );
}

/** An update replaces the description: what it leaves out goes back to its default, except rules and what is fixed. */
function whole(given: SubscriptionOptions): SubscriptionOptions {
  const { requiresSession, rules: _rules, ...rest } = subscriptionOptions(given, []);
  return { ...rest, ...("requiresSession" in given ? { requiresSession } : {}) };
}
