import { AmqpUuid, Wrapped } from "./engine.js";
import type { AmqpValue } from "./engine.js";
import { AmqpDecodeError } from "./protocol-error.js";
import { AmqpReader } from "./reader.js";
import type { DecodeLimits } from "./reader.js";
import { AmqpWriter } from "./writer.js";

/** What a service may decode of a message: deep and large enough for every request that an SDK makes. */
export const defaultDecodeLimits: DecodeLimits = { maxDepth: 32, maxValues: 200_000 };

/**
 * Encodes one value with its constructor, each part in the shortest form. Whole numbers that are not wrapped become `int`
 * or `long`, others `double`; strings become `string`, also as keys of maps.
 * @throws {RangeError} A wrapped number is out of its type's range.
 */
export function encodeValue(value: AmqpValue): Buffer {
  const writer = new AmqpWriter();
  writer.value(value);
  return writer.view();
}

/**
 * Decodes bytes that are exactly one value. Binary values are views of `bytes`.
 * @throws {AmqpDecodeError} The bytes are no value, more than one, or beyond the limits.
 */
export function decodeValue(bytes: Uint8Array, limits: DecodeLimits = defaultDecodeLimits): AmqpValue {
  const reader = new AmqpReader(limits).reset(asBuffer(bytes));
  const value = reader.value();
  if (reader.position !== reader.end) throw new AmqpDecodeError("there are bytes behind the value");
  return value;
}

/** The same memory as a Buffer. */
export const asBuffer = (bytes: Uint8Array): Buffer =>
  Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);

export const symbol = (value: string): Wrapped => new Wrapped("symbol", value);
export const ubyte = (value: number): Wrapped => new Wrapped("ubyte", value);
export const ushort = (value: number): Wrapped => new Wrapped("ushort", value);
export const uint = (value: number): Wrapped => new Wrapped("uint", value);
export const ulong = (value: number | bigint): Wrapped => new Wrapped("ulong", value);
export const byte = (value: number): Wrapped => new Wrapped("byte", value);
export const short = (value: number): Wrapped => new Wrapped("short", value);
export const int = (value: number): Wrapped => new Wrapped("int", value);
export const long = (value: number | bigint): Wrapped => new Wrapped("long", value);
export const float = (value: number): Wrapped => new Wrapped("float", value);
export const double = (value: number): Wrapped => new Wrapped("double", value);
export const symbols = (values: readonly string[]): Wrapped => new Wrapped("symbol[]", values);
export const strings = (values: readonly string[]): Wrapped => new Wrapped("string[]", values);
export const longs = (values: readonly (number | bigint)[]): Wrapped => new Wrapped("long[]", values);
export const timestamps = (values: readonly Date[]): Wrapped => new Wrapped("timestamp[]", values);
/** Each of 16 bytes, in network order. */
export const uuids = (values: readonly Uint8Array[]): Wrapped =>
  new Wrapped(
    "uuid[]",
    values.map((bytes) => new AmqpUuid(bytes)),
  );

/** A map whose keys are symbols, as annotations have them. */
export const symbolMap = (
  entries: Iterable<readonly [string, AmqpValue]>,
): ReadonlyMap<AmqpValue, AmqpValue> => new Map([...entries].map(([key, value]) => [symbol(key), value]));
