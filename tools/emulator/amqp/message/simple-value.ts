import type { PropertyValue } from "../../../../adapters/memory/broker/message.js";

/**
 * The value at `at`, if it is of a type that has a counterpart in an application property; otherwise undefined. The caller
 * has seen by `skipValue` that all its bytes are there.
 *
 * Longs beyond 2^53 are `bigint`, symbols and chars are text, and a UUID is its usual text, so that rules can compare it.
 */
export function readSimple(bytes: Buffer, at: number): PropertyValue | undefined {
  const code = bytes[at] ?? 0;
  const start = at + 1;
  switch (code) {
    case 0x40:
      return null;
    case 0x41:
      return true;
    case 0x42:
      return false;
    case 0x56:
      return bytes[start] !== 0;
    case 0xa0:
      return bytes.subarray(start + 1, start + 1 + (bytes[start] ?? 0));
    case 0xb0:
      return bytes.subarray(start + 4, start + 4 + bytes.readUInt32BE(start));
    case 0x83:
      return new Date(Number(bytes.readBigInt64BE(start)));
    case 0x98:
      return uuidText(bytes, start);
    default:
      return readText(bytes, code, start) ?? readNumber(bytes, code, start);
  }
}

/** The string or symbol at `at`; undefined for a value of any other type. */
export function readString(bytes: Buffer, at: number): string | undefined {
  return readText(bytes, bytes[at] ?? 0, at + 1);
}

function readText(bytes: Buffer, code: number, start: number): string | undefined {
  switch (code) {
    case 0xa1:
    case 0xa3:
      return bytes.toString("utf8", start + 1, start + 1 + (bytes[start] ?? 0));
    case 0xb1:
    case 0xb3:
      return bytes.toString("utf8", start + 4, start + 4 + bytes.readUInt32BE(start));
    case 0x73:
      return charText(bytes.readUInt32BE(start));
    default:
      return undefined;
  }
}

function readNumber(bytes: Buffer, code: number, start: number): number | bigint | undefined {
  switch (code) {
    case 0x43:
    case 0x44:
      return 0;
    case 0x50:
    case 0x52:
    case 0x53:
      return bytes.readUInt8(start);
    case 0x51:
    case 0x54:
    case 0x55:
      return bytes.readInt8(start);
    case 0x60:
      return bytes.readUInt16BE(start);
    case 0x61:
      return bytes.readInt16BE(start);
    case 0x70:
      return bytes.readUInt32BE(start);
    case 0x71:
      return bytes.readInt32BE(start);
    case 0x72:
      return bytes.readFloatBE(start);
    case 0x82:
      return bytes.readDoubleBE(start);
    case 0x80:
      return narrow(bytes.readBigUInt64BE(start));
    case 0x81:
      return narrow(bytes.readBigInt64BE(start));
    default:
      return undefined;
  }
}

function narrow(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

const charText = (codePoint: number): string | undefined =>
  codePoint <= 0x10ffff ? String.fromCodePoint(codePoint) : undefined;

function uuidText(bytes: Buffer, start: number): string {
  const hex = bytes.toString("hex", start, start + 16);
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}
