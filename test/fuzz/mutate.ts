import type { Random } from "./random.js";

const longest = 8192;

/** Changes text at a few places: what a grammar gives comes close to what a parser takes, but not quite. */
export function mutated(random: Random, text: string, tokens: readonly string[]): string {
  let changed = text;
  for (let changes = 1 + random.below(4); changes > 0; changes -= 1)
    changed = changedOnce(random, changed, tokens);
  return changed.length > longest ? changed.slice(0, longest) : changed;
}

function changedOnce(random: Random, text: string, tokens: readonly string[]): string {
  const from = random.below(text.length + 1);
  const to = Math.min(text.length, from + random.below(12));
  const [before, within, after] = [text.slice(0, from), text.slice(from, to), text.slice(to)];
  switch (random.below(8)) {
    case 0:
      return before + after;
    case 1:
      return before + within + within + after;
    case 2:
      return before + within.repeat(random.below(40)) + after;
    case 3:
      return before;
    case 4:
      return after + within + before;
    case 5:
      return before + String.fromCharCode(random.below(random.chance(0.8) ? 128 : 65_536)) + after;
    default:
      return before + random.pick(tokens) + (random.chance(0.5) ? within : "") + after;
  }
}

/** Text as bytes, of which some are no longer those of the text. */
export function mutatedBytes(random: Random, text: string): Buffer {
  const bytes = Buffer.from(text);
  if (bytes.length === 0 || random.chance(0.7)) return bytes;
  for (let changes = 1 + random.below(3); changes > 0; changes -= 1) {
    bytes[random.below(bytes.length)] = random.below(256);
  }
  return random.chance(0.2) ? bytes.subarray(0, random.below(bytes.length)) : bytes;
}
