import type { HeaderValue, MessageFilter } from "../../src/transport/index.js";

/**
 * The SQL filters of a subscription that lets through what `filter` says, but no copy that is for another subscription
 * (`docs/decisions/0001-addressed-retry-copies.md`).
 *
 * A filter takes 1,024 characters [Service Bus quotas], so that many types need several; a message that several rules
 * select arrives once, because none has an action.
 */
export function subscriptionRules(
  subscription: string,
  { types, where = {} }: Pick<MessageFilter, "types" | "where">,
): readonly string[] {
  const addressee = `(cloudEvents_wbto IS NULL OR cloudEvents_wbto = ${literal(subscription)})`;
  const conditions = [addressee, ...Object.entries(where).map(equality)].join(" AND ");
  if (types === undefined) return [conditions];
  if (types.length === 0) return ["1=0"];
  const room = maxRuleLength - conditions.length - typesBefore.length - typesAfter.length;
  return typeLists(types, room).map((list) => `${typesBefore}${list}${typesAfter}${conditions}`);
}

const maxRuleLength = 1_024;
const typesBefore = "sys.Label IN (";
const typesAfter = ") AND ";

/** The types as lists of literals, each of at most `room` characters where one literal has no more. */
function typeLists(types: readonly string[], room: number): readonly string[] {
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

const literal = (value: HeaderValue): string =>
  typeof value === "string" ? `'${value.replaceAll("'", "''")}'` : String(value).toUpperCase();
