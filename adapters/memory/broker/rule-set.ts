import { entityExists, entityNotFound } from "./refusals.js";
import { compileRule, type CompiledRule, type RuleDescription } from "./rules/rule.js";

/** The rules of one subscription, compiled once. A message is selected if any rule selects it. */
export interface RuleSet {
  /** In the order in which they were added. */
  readonly rules: { readonly description: RuleDescription; readonly compiled: CompiledRule }[];
  /** Whether a rule without action accepts everything, so that the other such rules need no look. */
  acceptsAll: boolean;
  /** Whether every message makes exactly one copy, because besides no rule has an action. */
  copiesAll: boolean;
}

/** The rule that a new subscription has unless it is given others. */
export const defaultRule: RuleDescription = { name: "$Default", filter: { type: "true" } };

export function createRuleSet(path: string, descriptions: readonly RuleDescription[]): RuleSet {
  const set: RuleSet = { rules: [], acceptsAll: false, copiesAll: false };
  for (const description of descriptions) addRule(set, path, description);
  return set;
}

/** @throws {BrokerError} `com.microsoft:entity-already-exists`, `com.microsoft:argument-error` for a syntax error */
export function addRule(set: RuleSet, path: string, description: RuleDescription): void {
  if (find(set, description.name) >= 0) throw entityExists(`${path}/Rules/${description.name}`);
  set.rules.push({ description, compiled: compileRule(description) });
  summarize(set);
}

/** @throws {BrokerError} `amqp:not-found`, `com.microsoft:argument-error` for a syntax error */
export function replaceRule(set: RuleSet, path: string, description: RuleDescription): void {
  const at = find(set, description.name);
  if (at < 0) throw entityNotFound(`${path}/Rules/${description.name}`);
  set.rules[at] = { description, compiled: compileRule(description) };
  summarize(set);
}

/** @throws {BrokerError} `amqp:not-found` */
export function removeRule(set: RuleSet, path: string, name: string): void {
  const at = find(set, name);
  if (at < 0) throw entityNotFound(`${path}/Rules/${name}`);
  set.rules.splice(at, 1);
  summarize(set);
}

function find(set: RuleSet, name: string): number {
  return set.rules.findIndex((rule) => rule.description.name.toLowerCase() === name.toLowerCase());
}

function summarize(set: RuleSet): void {
  set.acceptsAll = set.rules.some(acceptsAll);
  set.copiesAll = set.acceptsAll && set.rules.every(({ description }) => description.action === undefined);
}

function acceptsAll({ description }: RuleSet["rules"][number]): boolean {
  return description.filter.type === "true" && description.action === undefined;
}
