import type { RuleDescription } from "../rules/rule.js";

/** What a subscription lets through. */
export interface ChannelFilter {
  /** Message types. Undefined: all. */
  readonly types?: readonly string[] | undefined;
  /** Headers that must have these values. */
  readonly where?: Readonly<Record<string, HeaderValue>> | undefined;
}

type HeaderValue = string | number | boolean;

/**
 * The rules of a subscription that lets through what `filter` says, but no copy that is for another subscription.
 *
 * A rule takes 1,024 characters [Service Bus quotas], so that many types need several; a message that several rules
 * select arrives once, because none has an action.
 */
export function subscriptionRules(subscription: string, filter: ChannelFilter): readonly RuleDescription[] {
  const addressee = `(cloudEvents_wbto IS NULL OR cloudEvents_wbto = ${literal(subscription)})`;
  const conditions = [addressee, ...Object.entries(filter.where ?? {}).map(equality)].join(" AND ");
  if (filter.types === undefined) return [rule(1, conditions)];
  if (filter.types.length === 0) return [{ name: ruleName(1), filter: { type: "false" } }];
  const room = maxRuleLength - conditions.length - typesBefore.length - typesAfter.length;
  return typeLists(filter.types, room).map((types, index) =>
    rule(index + 1, `${typesBefore}${types}${typesAfter}${conditions}`),
  );
}

const maxRuleLength = 1_024;
const typesBefore = "sys.Label IN (";
const typesAfter = ") AND ";

const rule = (number: number, expression: string): RuleDescription => ({
  name: ruleName(number),
  filter: { type: "sql", expression },
});

const ruleName = (number: number): string => `waybill-${String(number)}`;

/** The types as lists of literals, each of at most `room` characters where one literal has no more. */
function typeLists(types: readonly string[], room: number): string[] {
  const lists: string[] = [];
  for (const type of types) {
    const last = lists.at(-1);
    const longer = last === undefined ? literal(type) : `${last},${literal(type)}`;
    if (last === undefined || longer.length > room) lists.push(literal(type));
    else lists[lists.length - 1] = longer;
  }
  return lists;
}

const equality = ([name, value]: [string, HeaderValue]): string =>
  `user.[${name.replaceAll("]", "]]")}] = ${literal(value)}`;

function literal(value: HeaderValue): string {
  return typeof value === "string" ? `'${value.replaceAll("'", "''")}'` : String(value).toUpperCase();
}
