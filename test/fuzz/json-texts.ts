import { corpus } from "./corpus.js";
import { mutated } from "./mutate.js";
import type { Random } from "./random.js";
import { hostileText, names } from "./texts.js";

const samples = corpus("json");
const tokens = [
  "{",
  "}",
  "[",
  "]",
  ",",
  ":",
  '"',
  "\\u00",
  '"__proto__":',
  "1e999",
  "-",
  "nul",
  "\ud800",
  " ",
  "\\",
];

/** JSON, or nearly JSON. */
export function nearlyJson(random: Random): string {
  const text = random.chance(0.3) ? random.pick(samples) : jsonText(random, 4);
  return random.chance(0.4) ? mutated(random, text, tokens) : text;
}

/** Valid JSON that looks for trouble: hostile and repeated keys, escapes, extreme numbers, deep nesting. */
export function jsonText(random: Random, depth: number): string {
  const kind = random.below(depth > 0 ? 10 : 6);
  if (kind < 3) return JSON.stringify(hostileText(random));
  if (kind < 4) return random.pick(numbers);
  if (kind < 6) return random.pick(["true", "false", "null", '"\\u005f_proto__"', '"\\ud800"']);
  if (kind === 6 && random.chance(0.1)) return nested(random);
  const members: string[] = [];
  for (let left = random.below(5); left > 0; left -= 1) {
    const value = jsonText(random, depth - 1);
    members.push(kind < 8 ? `${keyText(random)}${space(random)}:${value}` : value);
  }
  const inside = members.join(`${space(random)},`);
  return kind < 8 ? `{${inside}}` : `[${inside}]`;
}

const numbers = [
  "0",
  "-0",
  "1",
  "1.5",
  "-1e400",
  "1e-400",
  "9007199254740993",
  "12345678901234567890123",
  "0.1e1",
];
const escapedKeys = ['"\\u005f\\u005fproto\\u005f\\u005f"', '"__\\u0070roto__"', '"constructo\\u0072"'];

function keyText(random: Random): string {
  if (random.chance(0.1)) return random.pick(escapedKeys);
  return JSON.stringify(random.chance(0.7) ? random.pick(names) : hostileText(random));
}

const space = (random: Random): string => (random.chance(0.9) ? "" : random.pick([" ", "\n", "\t\r "]));

function nested(random: Random): string {
  const levels = random.below(random.chance(0.05) ? 5000 : 150);
  const open = random.pick(["[", '{"a":']);
  return open.repeat(levels) + "1" + (open === "[" ? "]" : "}").repeat(levels);
}
