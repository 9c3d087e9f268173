import { draw } from "../../runtime/random.js";

/** Draws by name: a draw more or less leaves the others of the seed as they are. */
export interface Dice {
  /** In [0, 1). */
  number(name: string): number;
  /** A whole number from `from` up to and including `to`. */
  between(name: string, from: number, to: number): number;
  chance(name: string, share: number): boolean;
  pick<T>(name: string, list: readonly [T, ...T[]]): T;
}

/** The dice of a seed. */
export function dice(seed: string): Dice {
  const number = (name: string): number => draw(seed, name);
  return {
    number,
    between: (name, from, to) => from + Math.floor(number(name) * (to - from + 1)),
    chance: (name, share) => number(name) < share,
    pick: (name, list) => list[Math.floor(number(name) * list.length)] ?? list[0],
  };
}

/** Draws of one name by their number: as independent as draws by name, and no text is made for each. */
export function numbered(seed: string, name: string): (nth: number) => number {
  const start = Math.floor(draw(seed, name) * 2 ** 32);
  return (nth) => {
    let mixed = Math.imul(start ^ Math.imul(nth, 0x9e3779b1), 0x85ebca6b);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0xc2b2ae35);
    mixed = Math.imul(mixed ^ (mixed >>> 13), 0x27d4eb2f);
    return ((mixed ^ (mixed >>> 16)) >>> 0) / 2 ** 32;
  };
}
