import { AmqpUuid, Described, Wrapped } from "./engine.js";
import type { AmqpValue, WrappedType } from "./engine.js";

/**
 * Writes AMQP values (AMQP 1.0 part 1) into a buffer that grows, each in its shortest encoding. What is not
 * {@link Wrapped} gets the natural type: whole numbers become `int` or `long`, others `double`; strings `string`.
 */
export class AmqpWriter {
  bytes = Buffer.allocUnsafe(512);
  position = 0;

  /** What was written, as a view that the next write after {@link reset} overwrites. */
  view(): Buffer {
    return this.bytes.subarray(0, this.position);
  }

  reset(): this {
    this.position = 0;
    return this;
  }

  value(value: AmqpValue | undefined): void {
    switch (typeof value) {
      case "undefined":
        return this.byte(0x40);
      case "boolean":
        return this.byte(value ? 0x41 : 0x42);
      case "string":
        return this.string(value);
      case "number":
        return this.number(value);
      case "bigint":
        return value > maxLong ? this.ulong(value) : this.long(value);
      default:
        return this.object(value);
    }
  }

  byte(value: number): void {
    this.reserve(1);
    this.bytes[this.position++] = value;
  }

  /** Bytes that are encoded already. */
  raw(bytes: Uint8Array): void {
    this.reserve(bytes.length);
    this.bytes.set(bytes, this.position);
    this.position += bytes.length;
  }

  uint(value: number): void {
    if (value === 0) this.byte(0x43);
    else if (value > 0 && value <= 0xff) this.pair(0x52, value);
    else this.reserve(9).writeUInt32BE(value, this.fixed(0x70, 4));
  }

  ulong(value: number | bigint): void {
    if (value >= 0 && value <= 0xff) {
      if (Number(value) === 0) this.byte(0x44);
      else this.pair(0x53, Number(value));
    } else this.reserve(9).writeBigUInt64BE(BigInt(value), this.fixed(0x80, 8));
  }

  int(value: number): void {
    if (value >= -128 && value <= 127) this.pair(0x54, value & 0xff);
    else this.reserve(9).writeInt32BE(value, this.fixed(0x71, 4));
  }

  long(value: number | bigint): void {
    if (value >= -128 && value <= 127) this.pair(0x55, Number(value) & 0xff);
    else this.reserve(9).writeBigInt64BE(BigInt(value), this.fixed(0x81, 8));
  }

  string(value: string): void {
    this.variable(0xa1, Buffer.byteLength(value));
    this.position += this.bytes.write(value, this.position);
  }

  symbol(value: string): void {
    this.variable(0xa3, value.length);
    this.position += this.bytes.write(value, this.position, "latin1");
  }

  binary(value: Uint8Array): void {
    this.variable(0xa0, value.length);
    this.raw(value);
  }

  /** Begins a list whose number of items is known; ends it with {@link end} and what this returned. */
  begin(code: 0xd0 | 0xd1, count: number): number {
    this.reserve(9);
    this.bytes[this.position] = code;
    this.bytes.writeUInt32BE(count, this.position + 5);
    this.position += 9;
    return this.position;
  }

  /** Sets the size, and takes the short form when it fits. */
  end(start: number): void {
    const size = this.position - start;
    const count = this.bytes.readUInt32BE(start - 4);
    if (size + 1 > 0xff || count > 0xff) {
      this.bytes.writeUInt32BE(size + 4, start - 8);
      return;
    }
    this.bytes[start - 9]! -= 0x10;
    this.bytes[start - 8] = size + 1;
    this.bytes[start - 7] = count;
    this.bytes.copyWithin(start - 6, start, this.position);
    this.position -= 6;
  }

  /** A described list, as performatives, termini and outcomes are. */
  composite(code: number, fields: readonly (AmqpValue | undefined)[]): void {
    this.byte(0x00);
    this.ulong(code);
    this.list(fields);
  }

  /** A map of the type `fields`: its keys are symbols. */
  symbolMap(map: ReadonlyMap<string, AmqpValue>): void {
    const start = this.begin(0xd1, map.size * 2);
    for (const [key, value] of map) {
      this.symbol(key);
      this.value(value);
    }
    this.end(start);
  }

  private list(items: readonly (AmqpValue | undefined)[]): void {
    if (items.length === 0) return this.byte(0x45);
    const start = this.begin(0xd0, items.length);
    for (const item of items) this.value(item);
    this.end(start);
  }

  private map(map: ReadonlyMap<AmqpValue, AmqpValue>): void {
    const start = this.begin(0xd1, map.size * 2);
    for (const [key, value] of map) {
      this.value(key);
      this.value(value);
    }
    this.end(start);
  }

  private number(value: number): void {
    if (!Number.isInteger(value) || Object.is(value, -0) || !Number.isSafeInteger(value)) {
      this.reserve(9).writeDoubleBE(value, this.fixed(0x82, 8));
    } else if (value === (value | 0)) this.int(value);
    else this.long(value);
  }

  private object(value: object | null): void {
    if (value === null) this.byte(0x40);
    else if (value instanceof Wrapped) this.wrapped(value.type, value.value);
    else if (value instanceof Uint8Array) this.binary(value);
    else if (value instanceof Map) this.map(value as ReadonlyMap<AmqpValue, AmqpValue>);
    else if (Array.isArray(value)) this.list(value as AmqpValue[]);
    else if (value instanceof Date) this.timestamp(value);
    else if (value instanceof AmqpUuid) this.uuid(value);
    else if (value instanceof Described) this.described(value);
    else throw new TypeError("An object of this class has no encoding in AMQP.");
  }

  private described(value: Described): void {
    this.byte(0x00);
    if (typeof value.descriptor === "string") this.symbol(value.descriptor);
    else this.ulong(value.descriptor);
    this.value(value.value);
  }

  private timestamp(value: Date): void {
    this.reserve(9).writeBigInt64BE(BigInt(value.getTime()), this.fixed(0x83, 8));
  }

  private uuid(value: AmqpUuid): void {
    this.byte(0x98);
    this.raw(value.bytes);
  }

  private wrapped(type: WrappedType, value: AmqpValue): void {
    if (value === null) return this.byte(0x40);
    if (type.endsWith("[]")) return this.array(type as ArrayType, value as readonly AmqpValue[]);
    switch (type) {
      case "boolean":
        return this.byte(value === true ? 0x41 : 0x42);
      case "symbol":
        return this.symbol(value as string);
      case "uint":
        return this.uint(value as number);
      case "ulong":
        return this.ulong(value as number | bigint);
      case "int":
        return this.int(value as number);
      case "long":
        return this.long(value as number | bigint);
      default:
        return this.rare(type, value as number);
    }
  }

  private rare(type: WrappedType, value: number): void {
    switch (type) {
      case "ubyte":
        return this.pair(0x50, value);
      case "byte":
        return this.pair(0x51, value & 0xff);
      case "ushort":
        return void this.reserve(9).writeUInt16BE(value, this.fixed(0x60, 2));
      case "short":
        return void this.reserve(9).writeInt16BE(value, this.fixed(0x61, 2));
      case "float":
        return void this.reserve(9).writeFloatBE(value, this.fixed(0x72, 4));
      case "double":
        return void this.reserve(9).writeDoubleBE(value, this.fixed(0x82, 8));
      default:
        throw new TypeError(`${type} is no type of a single value.`);
    }
  }

  /** Its elements share one constructor, so they cannot be shortened one by one. */
  private array(type: ArrayType, items: readonly AmqpValue[]): void {
    const at = this.position;
    this.reserve(10);
    this.bytes[at] = 0xf0;
    this.bytes.writeUInt32BE(items.length, at + 5);
    this.bytes[at + 9] = arrayCodes[type];
    this.position = at + 10;
    for (const item of items) this.element(type, item);
    this.bytes.writeUInt32BE(this.position - at - 5, at + 1);
  }

  private element(type: ArrayType, item: AmqpValue): void {
    if (type === "uuid[]") return this.raw((item as AmqpUuid).bytes);
    if (type === "string[]" || type === "symbol[]") {
      const bytes = Buffer.from(item as string, type === "string[]" ? "utf8" : "latin1");
      this.reserve(9).writeUInt32BE(bytes.length, this.advance(4));
      return this.raw(bytes);
    }
    const whole = item instanceof Date ? item.getTime() : (item as number | bigint);
    this.reserve(9).writeBigInt64BE(BigInt(whole), this.advance(8));
  }

  private pair(code: number, value: number): void {
    this.reserve(2);
    this.bytes[this.position++] = code;
    this.bytes[this.position++] = value;
  }

  private fixed(code: number, width: number): number {
    this.byte(code);
    return this.advance(width);
  }

  /** Writes the constructor of a value with a size; `code` is that of the short form. */
  private variable(code: number, size: number): void {
    this.reserve(size + 5);
    if (size <= 0xff) return this.pair(code, size);
    this.reserve(9).writeUInt32BE(size, this.fixed(code + 0x10, 4));
  }

  private advance(width: number): number {
    this.reserve(width);
    const at = this.position;
    this.position += width;
    return at;
  }

  /** Makes room, and returns the buffer that has it. */
  private reserve(width: number): Buffer {
    const needed = this.position + width;
    if (needed <= this.bytes.length) return this.bytes;
    const larger = Buffer.allocUnsafe(Math.max(needed, this.bytes.length * 2));
    this.bytes.copy(larger, 0, 0, this.position);
    this.bytes = larger;
    return larger;
  }
}

type ArrayType = Extract<WrappedType, `${string}[]`>;

const arrayCodes: Readonly<Record<ArrayType, number>> = {
  "uuid[]": 0x98,
  "timestamp[]": 0x83,
  "long[]": 0x81,
  "string[]": 0xb1,
  "symbol[]": 0xb3,
};

const maxLong = 0x7fff_ffff_ffff_ffffn;
