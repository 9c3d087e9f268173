import type { PropertyValue } from "../../../../adapters/memory/broker/message.js";
import type { ByteWriter } from "./byte-writer.js";

/**
 * Writes a value as the type with the code `like`, if it fits into it; otherwise, and without one, as what a client in
 * JavaScript means by it. Whole numbers are longs then, which is what numbers of a rule's action are in Azure.
 */
export function writeSimple(writer: ByteWriter, value: PropertyValue, like: number | undefined): void {
  if (typeof value === "number" || typeof value === "bigint") {
    if (like === undefined || !writeNumberLike(writer, value, like)) writeNumber(writer, value);
  } else if (typeof value === "string") {
    if (like === 0xa3 || like === 0xb3) writer.symbol(value);
    else if (like === 0x98 && uuid.test(value)) writeUuid(writer, value);
    else writer.string(value);
  } else if (typeof value === "boolean") writer.boolean(value);
  else if (value === null) writer.null();
  else if (value instanceof Date) writer.timestamp(value.getTime());
  else writer.binary(value);
}

function writeNumber(writer: ByteWriter, value: number | bigint): void {
  if (typeof value === "bigint" || Number.isSafeInteger(value)) writer.long(value);
  else writer.double(value);
}

function writeNumberLike(writer: ByteWriter, value: number | bigint, like: number): boolean {
  if (like === 0x82) writer.double(Number(value));
  else if (like === 0x72) writer.float(Number(value));
  else {
    const integer = integers.get(like);
    if (integer === undefined || !isWhole(value) || value < integer.min || value > integer.max) return false;
    integer.write(writer, value);
  }
  return true;
}

const isWhole = (value: number | bigint): boolean =>
  typeof value === "bigint" || (Number.isSafeInteger(value) && !Object.is(value, -0));

interface IntegerType {
  readonly min: number | bigint;
  readonly max: number | bigint;
  readonly write: (writer: ByteWriter, value: number | bigint) => void;
}

const narrow = (code: number, size: 1 | 2 | 4, min: number, max: number): IntegerType => ({
  min,
  max,
  write: (writer, value) => writer.integer(code, size, Number(value)),
});

const uint = narrow(0x70, 4, 0, 0xffff_ffff);
const int = narrow(0x71, 4, -0x8000_0000, 0x7fff_ffff);
const ulong: IntegerType = { min: 0n, max: 2n ** 64n - 1n, write: (writer, value) => writer.ulong(value) };

const integers: ReadonlyMap<number, IntegerType> = new Map([
  [0x50, narrow(0x50, 1, 0, 0xff)],
  [0x51, narrow(0x51, 1, -0x80, 0x7f)],
  [0x60, narrow(0x60, 2, 0, 0xffff)],
  [0x61, narrow(0x61, 2, -0x8000, 0x7fff)],
  [0x43, uint],
  [0x52, uint],
  [0x70, uint],
  [0x54, int],
  [0x71, int],
  [0x44, ulong],
  [0x53, ulong],
  [0x80, ulong],
]);

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

function writeUuid(writer: ByteWriter, text: string): void {
  writer.byte(0x98);
  writer.raw(Buffer.from(text.replaceAll("-", ""), "hex"));
}
