import type { HeaderValue, MessageFilter } from "../../src/transport/index.js";

/**
 * The `filtersConfiguration` of an event subscription that lets through what a listener asks for: for whoever creates the
 * subscription, because the clients of Event Grid create nothing. Types and keys are compared without case.
 *
 * Headers travel in one extension, the text of a JSON object, so that a header's value is found as a part of that text: a
 * quoted name and its value, which no value can contain, because quotes inside a value are escaped.
 */
export function subscriptionFilter(filter: MessageFilter): FiltersConfiguration {
  const { types, where = {}, keyBeginsWith, keyEndsWith } = filter;
  return {
    // An empty list means every type there, so that no type is said by one that no event has.
    ...(types === undefined ? {} : { includedEventTypes: types.length === 0 ? [" "] : types }),
    filters: [
      ...(keyBeginsWith === undefined ? [] : [condition("StringBeginsWith", "subject", [keyBeginsWith])]),
      ...(keyEndsWith === undefined ? [] : [condition("StringEndsWith", "subject", [keyEndsWith])]),
      ...Object.entries(where).map(([name, value]) =>
        condition("StringContains", "wbheaders", spellings(name, value)),
      ),
    ],
  };
}

/** As Azure Resource Manager describes it. */
export interface FiltersConfiguration {
  readonly includedEventTypes?: readonly string[];
  readonly filters: readonly {
    readonly operatorType: string;
    readonly key: string;
    readonly values: readonly string[];
  }[];
}

const condition = (operatorType: string, key: string, values: readonly string[]) => ({
  operatorType,
  key,
  values,
});

/** Followed by what may follow, so that 1 is not found in 10. */
const spellings = (name: string, value: HeaderValue): string[] =>
  [",", "}"].map((end) => `${JSON.stringify(name)}:${JSON.stringify(value)}${end}`);
