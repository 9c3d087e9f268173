import { crypto } from "./crypto.js";

/**
 * A version 4 UUID (RFC 9562, section 5.4) of the platform's random bytes.
 *
 * Written into one buffer and read from it once: `crypto.randomUUID` joins twenty pieces, and their garbage costs as much
 * as the rest of a send.
 */
export function randomUuid(): string {
  if (next === random.length) {
    crypto().randomFillSync(random);
    next = 0;
  }
  for (let at = 0; at < 16; at += 1) {
    const byte = (random[next + at]! & kept[at]!) | set[at]!;
    const position = positions[at]!;
    text[position] = hexDigits[byte >> 4]!;
    text[position + 1] = hexDigits[byte & 15]!;
  }
  next += 16;
  return text.toString("latin1");
}

/** Random bytes of many identifiers, drawn at once. */
const random = Buffer.alloc(16 * 256);
let next = random.length;

const text = Buffer.alloc(36, "-");
const hexDigits = Buffer.from("0123456789abcdef");
/** Where the digits of each byte stand. */
const positions = [0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34];
/** The bits of the version and the variant. */
const kept = [255, 255, 255, 255, 255, 255, 0x0f, 255, 0x3f, 255, 255, 255, 255, 255, 255, 255];
const set = [0, 0, 0, 0, 0, 0, 0x40, 0, 0x80, 0, 0, 0, 0, 0, 0, 0];
