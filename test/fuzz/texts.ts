import type { Random } from "./random.js";

/** Names that mean something to the engine, to the wire or to nobody. */
export const names: readonly string[] = [
  "__proto__",
  "constructor",
  "prototype",
  "toString",
  "valueOf",
  "hasOwnProperty",
  "__defineGetter__",
  "length",
  "then",
  "toJSON",
  "a",
  "b",
  "A",
  "colour",
  "wbversion",
  "wbdlreason",
  "cloudEvents_id",
  "cloudEvents:id",
  "traceparent",
  "data",
  "",
  "0",
  "-1",
  "é",
  "名",
  "İ",
  "x".repeat(129),
];

const oddities: readonly string[] = [
  "",
  " ",
  "\u0000",
  "\u001b[31m",
  "\ud800",
  "\udc00x",
  "😀",
  "\u202e",
  "\ufeff",
  "\uffff",
  "\r\n",
  "\\",
  '"',
  "'",
  "null",
  "NaN",
  "1e309",
  "-0",
  "9007199254740993",
  "${7*7}",
  "%s%d%n",
  "__proto__",
  "constructor",
];

const letters = "abcXYZ019 _-.,:;'\"\\/{}[]()<>=+*%$#@!?\n\t\u0000\u001bé名\ud83d\ude00\ud800";

/** Text as an attacker or a broken program sends it: short as a rule, now and then long. */
export function hostileText(random: Random, most = 40): string {
  if (random.chance(0.3)) return random.pick(oddities);
  if (random.chance(0.3)) return random.pick(names);
  if (random.chance(0.02)) return random.pick(oddities).repeat(random.below(most * 50));
  let text = "";
  for (let left = random.below(most); left > 0; left -= 1)
    text += letters.charAt(random.below(letters.length));
  return text;
}
