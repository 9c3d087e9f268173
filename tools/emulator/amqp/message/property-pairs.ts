import { elementsOf } from "./compound.js";
import { readString } from "./simple-value.js";

/** One entry of an encoded map. The value reaches from `value` to `end`, the key from `start` to `value`. */
export interface Pair {
  readonly name: string;
  readonly start: number;
  readonly value: number;
  readonly end: number;
}

/**
 * The entries of the map at `at`, in order; those whose key is no text are left out.
 *
 * @throws {MalformedMessage}
 */
export function pairsOf(bytes: Buffer, at: number): Pair[] {
  const positions = elementsOf(bytes, at, "map");
  const pairs: Pair[] = [];
  for (let index = 0; index + 2 < positions.length; index += 2) {
    const start = positions[index] ?? 0;
    const name = readString(bytes, start);
    if (name === undefined) continue;
    pairs.push({ name, start, value: positions[index + 1] ?? 0, end: positions[index + 2] ?? 0 });
  }
  return pairs;
}
