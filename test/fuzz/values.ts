import type { Random } from "./random.js";
import { hostileText } from "./texts.js";

/** A value as a decoder of AMQP or JSON may hand it over, whatever the types promise. */
export function hostileValue(random: Random): unknown {
  return random.chance(0.4) ? hostileText(random) : random.pick(makers)(random);
}

const makers: readonly ((random: Random) => unknown)[] = [
  (random) => random.below(100) - 50,
  (random) =>
    random.pick([0, -0, 0.1, Number.NaN, Infinity, -Infinity, 2 ** 53, -(2 ** 63), Number.MIN_VALUE]),
  (random) => random.pick([0n, -1n, 2n ** 53n, 2n ** 63n, -(2n ** 200n)]),
  (random) => random.chance(0.5),
  () => null,
  () => undefined,
  (random) => new Date(random.pick([0, 1e12, Number.NaN, 8.64e15, -8.64e15])),
  (random) => Buffer.from(hostileText(random)),
  () => [1, [2, ["x"]]],
  () => ({}),
  () => Object.create(null) as unknown,
  () => ({ toString: 1, valueOf: 1 }),
  () => ({ toString: () => "text", length: 3 }),
  () => JSON.parse('{"__proto__":{"polluted":true}}') as unknown,
  () => new Map([["a", 1]]),
  () => Symbol("s"),
  () => () => 1,
  () => new Proxy({}, {}),
];

/** A bag of hostile values under hostile names. */
export function bagOf<Value>(
  random: Random,
  nameOf: (random: Random) => string,
  valueOf: (random: Random) => Value,
): Record<string, Value> {
  const bag: Record<string, Value> = random.chance(0.5) ? {} : (Object.create(null) as Record<string, Value>);
  const count = random.chance(0.01) ? random.below(200) : random.below(8);
  for (let left = count; left > 0; left -= 1) {
    // Assigning `__proto__` would set the prototype; a decoder that parses makes an own property.
    Object.defineProperty(bag, nameOf(random) + (left > 20 ? String(left) : ""), {
      value: valueOf(random),
      enumerable: true,
      configurable: true,
      writable: true,
    });
  }
  return bag;
}
