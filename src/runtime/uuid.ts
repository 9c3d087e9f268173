import { crypto } from "./crypto.js";

/**
 * A version 4 UUID (RFC 9562, section 5.4) of the platform's random bytes.
 *
 * Sixteen are written into one buffer, read from it as one text and cut: `crypto.randomUUID` joins twenty pieces, and their
 * garbage costs as much as the rest of a send.
 */
export function randomUuid(): string {
  if (next === texts.length) write();
  next += textLength;
  return texts.slice(next - textLength, next);
}

const textLength = 36;
const atOnce = 16;
let texts = "";
let next = 0;

function write(): void {
  if (used === random.length) {
    crypto().randomFillSync(random);
    used = 0;
  }
  for (let start = 0; start < chars.byteLength; start += textLength) {
    for (let at = 0; at < 16; at += 1) {
      const byte = (random[used + at]! & kept[at]!) | set[at]!;
      chars.setUint16(start + positions[at]!, digits[byte]!);
    }
    used += 16;
  }
  texts = buffer.toString("latin1");
  next = 0;
}

/** Random bytes of many identifiers, drawn at once. */
const random = Buffer.alloc(16 * 256);
let used = random.length;

const buffer = Buffer.alloc(textLength * atOnce, "-");
const chars = new DataView(buffer.buffer, buffer.byteOffset, buffer.byteLength);
/** The two hexadecimal digits of every byte, as characters of one byte each. */
const digits = Array.from({ length: 256 }, (_, byte) =>
  Buffer.from(byte.toString(16).padStart(2, "0")).readUint16BE(),
);
/** Where the digits of each byte stand. */
const positions = [0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34];
/** The bits of the version and the variant. */
const kept = [255, 255, 255, 255, 255, 255, 0x0f, 255, 0x3f, 255, 255, 255, 255, 255, 255, 255];
const set = [0, 0, 0, 0, 0, 0, 0x40, 0, 0x80, 0, 0, 0, 0, 0, 0, 0];
