import { parseAddress } from "../../../../adapters/memory/broker/address.js";
import { notAllowed } from "../../../../adapters/memory/broker/refusals.js";
import type { AmqpValue } from "../engine/engine.js";
import { done, noContent, requireRight, type ManagementScope, type Operation } from "./management-scope.js";
import { decodeRule, encodeRule } from "./rule-codec.js";

// The operations on the rules of a subscription; a client needs no more than Listen for them, as `ServiceBusRuleManager` of
// Microsoft's SDKs says.

export const addRule: Operation = (scope, body) => {
  const { topic, subscription } = ownerOf(scope);
  scope.broker.addRule(topic, subscription, decodeRule(body.text("rule-name"), body.map("rule-description")));
  return done();
};

export const removeRule: Operation = (scope, body) => {
  const { topic, subscription } = ownerOf(scope);
  scope.broker.removeRule(topic, subscription, body.text("rule-name"));
  return done();
};

export const enumerateRules: Operation = (scope, body) => {
  const { topic, subscription } = ownerOf(scope);
  const skip = body.number("skip", 0);
  const rules = scope.broker.rules(topic, subscription).slice(skip, skip + body.number("top", 100));
  if (rules.length === 0) return noContent;
  const entries = rules.map((rule): AmqpValue => new Map([["rule-description", encodeRule(rule)]]));
  return done(["rules", entries]);
};

function ownerOf(scope: ManagementScope): { readonly topic: string; readonly subscription: string } {
  requireRight(scope, "Listen");
  const { name, subscription } = parseAddress(scope.address);
  if (subscription === undefined) throw notAllowed("Only subscriptions have rules.");
  return { topic: name, subscription };
}
