import { MalformedMessage } from "./malformed-message.js";

/**
 * Where the encoded value that begins at `at` ends (AMQP 1.0 part 1, 1.2).
 *
 * Believes widths and sizes only as far as there are bytes, and no counts at all: it never looks into a list, map or array.
 * @throws {MalformedMessage} when the value does not end at or before `end`
 */
export function skipValue(bytes: Buffer, at: number, end: number): number {
  let start = at;
  // A descriptor is a value too, and may itself be described.
  for (let nesting = 0; bytes[start] === described && start < end; nesting += 1) {
    if (nesting === maxNesting) throw new MalformedMessage("A value is described too many times over.");
    start = skipValue(bytes, start + 1, end);
  }
  if (start >= end) throw new MalformedMessage("A value is missing.");
  const after = start + 1 + sizeAfterCode(bytes, start, end);
  if (after > end) throw new MalformedMessage("A value is cut off.");
  return after;
}

const described = 0x00;
const maxNesting = 8;

function sizeAfterCode(bytes: Buffer, at: number, end: number): number {
  const code = bytes[at] ?? 0;
  switch (code >>> 4) {
    case 0x4:
      return 0;
    case 0x5:
      return 1;
    case 0x6:
      return 2;
    case 0x7:
      return 4;
    case 0x8:
      return 8;
    case 0x9:
      return 16;
    case 0xa:
    case 0xc:
    case 0xe:
      return 1 + oneByte(bytes, at + 1, end);
    case 0xb:
    case 0xd:
    case 0xf:
      return 4 + fourBytes(bytes, at + 1, end);
    default:
      throw new MalformedMessage(`0x${code.toString(16)} is no type of AMQP's.`);
  }
}

function oneByte(bytes: Buffer, at: number, end: number): number {
  if (at >= end) throw new MalformedMessage("A size is cut off.");
  return bytes[at] ?? 0;
}

function fourBytes(bytes: Buffer, at: number, end: number): number {
  if (at + 4 > end) throw new MalformedMessage("A size is cut off.");
  return bytes.readUInt32BE(at);
}
