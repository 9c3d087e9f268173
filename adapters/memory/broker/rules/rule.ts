import type { BrokerMessage } from "../message.js";
import { compileCorrelationFilter, type CorrelationFilter } from "./correlation-filter.js";
import { keyConditionOf, type KeyCondition } from "./key-condition.js";
import { compileAction } from "./sql-action.js";
import { compileFilter } from "./sql-filter.js";
import type { SqlText } from "./sql-text.js";

/** A Service Bus subscription rule as it is created: a filter, and optionally an action for its copy. */
export interface RuleDescription {
  readonly name: string;
  readonly filter: RuleFilter;
  readonly action?: SqlText;
}

export type RuleFilter = { readonly type: "true" } | { readonly type: "false" } | SqlText | CorrelationFilter;

export interface RuleOptions {
  /** Result of the SQL function `newid()`. Default: a count per rule in the form of a UUID, so runs repeat. */
  readonly newId?: () => string;
}

export interface CompiledRule {
  readonly name: string;
  /** By which value the rule can be found; undefined if it must look at every message. */
  readonly key: KeyCondition | undefined;
  /** True only when the filter is TRUE; unknown does not select. @throws {RuleError} on an evaluation error. */
  matches(message: BrokerMessage): boolean;
  /**
   * The action's own copy of the message, marked with the property `RuleName`; the argument is not changed.
   * Absent when the rule has no action. @throws {RuleError} on an evaluation error.
   */
  apply?(message: BrokerMessage): BrokerMessage;
}

/**
 * Parses a rule once, into closures that are then run for each message.
 *
 * @throws {RuleSyntaxError} naming the character and what was expected there.
 */
export function compileRule(description: RuleDescription, options: RuleOptions = {}): CompiledRule {
  const newId = options.newId ?? countingIds();
  const { name, filter, action } = description;
  const rule = { name, key: keyConditionOf(filter), matches: compileRuleFilter(filter, newId) };
  return action === undefined ? rule : { ...rule, apply: compileAction(name, action, newId) };
}

function compileRuleFilter(filter: RuleFilter, newId: () => string): CompiledRule["matches"] {
  switch (filter.type) {
    case "true":
      return () => true;
    case "false":
      return () => false;
    case "sql":
      return compileFilter(filter, newId);
    case "correlation":
      return compileCorrelationFilter(filter);
  }
}

function countingIds(): () => string {
  let count = 0;
  return () => `00000000-0000-4000-8000-${String(++count).padStart(12, "0")}`;
}
