/** The parts of an address; letter case means nothing in any of them. */
export interface Address {
  readonly name: string;
  readonly subscription: string | undefined;
  readonly deadLetters: boolean;
}

const deadLetterSuffix = "/$deadletterqueue";
const subscriptionsPart = "/subscriptions/";

/** Reads `q`, `t`, `t/Subscriptions/s` and each of these with `/$deadletterqueue`. An entity name may contain slashes. */
export function parseAddress(address: string): Address {
  const deadLetters = address.toLowerCase().endsWith(deadLetterSuffix);
  const path = deadLetters ? address.slice(0, -deadLetterSuffix.length) : address;
  const at = path.toLowerCase().indexOf(subscriptionsPart);
  if (at < 0) return { name: path, subscription: undefined, deadLetters };
  return {
    name: path.slice(0, at),
    subscription: path.slice(at + subscriptionsPart.length),
    deadLetters,
  };
}

export const subscriptionPath = (topic: string, subscription: string): string =>
  `${topic}/Subscriptions/${subscription}`;

export const deadLetterPath = (path: string): string => `${path}/$deadletterqueue`;
