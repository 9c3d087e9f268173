import { AmqpUuid, Described } from "./engine.js";
import type { AmqpValue } from "./engine.js";
import { AmqpDecodeError } from "./protocol-error.js";

/** What a value may cost; checked before anything is allocated for it. */
export interface DecodeLimits {
  /** Values within values, descriptors included. */
  readonly maxDepth: number;
  /** Values in all, at every depth. An empty map costs three bytes on the wire and some hundred in memory. */
  readonly maxValues: number;
}

/** Bytes that an array claims for each of its elements may be 0, so the count of those is bounded by this. */
const maxEmptyElements = 1_024;

/** The widths of the fixed types by the high half of the format code; `undefined` for what is not fixed. */
const fixedWidths: readonly (number | undefined)[] = [
  ...Array<undefined>(4).fill(undefined),
  0,
  1,
  2,
  4,
  8,
  16,
];

/**
 * Reads AMQP values (AMQP 1.0 part 1) from bytes that nobody vouches for. Every declared size and count is held against
 * the bytes that are there before it is believed. Binary values are views of the bytes, not copies.
 * @throws {AmqpDecodeError} from every method.
 */
export class AmqpReader {
  bytes: Buffer = emptyBytes;
  position = 0;
  end = 0;
  private depth = 0;
  private values = 0;

  constructor(private readonly limits: DecodeLimits) {}

  /** Starts over with other bytes. */
  reset(bytes: Buffer, position = 0, end = bytes.length): this {
    this.bytes = bytes;
    this.position = position;
    this.end = end;
    this.depth = 0;
    this.values = 0;
    return this;
  }

  value(): AmqpValue {
    const code = this.byte();
    if (code !== 0x00) return this.plain(code);
    this.enter();
    const descriptor = this.descriptor();
    const value = this.value();
    this.depth--;
    return new Described(descriptor, value);
  }

  /** Passes over one value and returns its bytes, unread but for its bounds. */
  raw(): Buffer {
    const start = this.position;
    this.skip();
    return this.bytes.subarray(start, this.position);
  }

  /** Passes over one value. What is within it is not looked at. */
  skip(): void {
    let code = this.byte();
    for (let described = 0; code === 0x00; described++) {
      if (described >= this.limits.maxDepth) throw new AmqpDecodeError("descriptors are nested too deeply");
      this.descriptor();
      code = this.byte();
    }
    const width = fixedWidths[code >>> 4];
    if (width !== undefined) this.advance(width);
    else if (code >>> 4 < 0x0a) throw unknownCode(code);
    else this.advance((code >>> 4) & 1 ? this.uint32() : this.byte());
  }

  /** A descriptor: a symbol or an unsigned long, and nothing else. */
  descriptor(): string | number | bigint {
    const code = this.byte();
    if (code === 0x53) return this.byte();
    const value = code === 0x80 || code === 0x44 || code === 0xa3 || code === 0xb3 ? this.plain(code) : null;
    if (typeof value === "number" || typeof value === "string" || typeof value === "bigint") return value;
    throw new AmqpDecodeError("a descriptor is neither a symbol nor an unsigned long");
  }

  byte(): number {
    if (this.position >= this.end) throw truncated();
    return this.bytes[this.position++]!;
  }

  uint32(): number {
    return this.bytes.readUInt32BE(this.advance(4));
  }

  /** Moves on, and returns where it was. */
  advance(width: number): number {
    const start = this.position;
    if (width > this.end - start) throw truncated();
    this.position = start + width;
    return start;
  }

  protected enter(): void {
    if (++this.depth > this.limits.maxDepth) throw new AmqpDecodeError("values are nested too deeply");
  }

  protected plain(code: number): AmqpValue {
    if (++this.values > this.limits.maxValues) throw new AmqpDecodeError("there are too many values");
    switch (code >>> 4) {
      case 0x4:
        return emptyValue(code);
      case 0xa:
      case 0xb:
        return this.variable(code, code < 0xb0 ? this.byte() : this.uint32());
      case 0xc:
      case 0xd:
        return this.compound(code);
      case 0xe:
      case 0xf:
        return this.array(code);
      default:
        return this.fixed(code);
    }
  }

  private fixed(code: number): AmqpValue {
    const width = fixedWidths[code >>> 4];
    if (width === undefined) throw unknownCode(code);
    const at = this.advance(width);
    const read = fixedTypes.get(code);
    if (read === undefined) throw unknownCode(code);
    return read(this.bytes, at);
  }

  private variable(code: number, size: number): AmqpValue {
    const at = this.advance(size);
    switch (code & 0x0f) {
      case 0x0:
        return this.bytes.subarray(at, at + size);
      case 0x1:
        return this.bytes.toString("utf8", at, at + size);
      case 0x3:
        return this.bytes.toString("latin1", at, at + size);
      default:
        throw unknownCode(code);
    }
  }

  private compound(code: number): AmqpValue {
    if ((code & 0x0f) > 1) throw unknownCode(code);
    const outer = this.end;
    const count = this.open(code >= 0xd0);
    // Each element has a constructor, so there are at least as many bytes as elements.
    if (count > this.end - this.position) throw new AmqpDecodeError("a count exceeds the bytes there are");
    this.enter();
    const value = (code & 0x0f) === 0 ? this.items(count) : this.entries(count);
    this.depth--;
    this.close(outer);
    return value;
  }

  /** Reads size and count, narrows `end` to what is declared and returns the count. */
  open(wide: boolean): number {
    const size = wide ? this.uint32() : this.byte();
    if (size > this.end - this.position) throw truncated();
    this.end = this.position + size;
    return wide ? this.uint32() : this.byte();
  }

  close(outer: number): void {
    if (this.position !== this.end)
      throw new AmqpDecodeError("a declared size differs from the values in it");
    this.end = outer;
  }

  private items(count: number): AmqpValue[] {
    const items: AmqpValue[] = [];
    for (let i = 0; i < count; i++) items.push(this.value());
    return items;
  }

  private entries(count: number): Map<AmqpValue, AmqpValue> {
    if (count % 2 !== 0) throw new AmqpDecodeError("a map has a key without a value");
    const map = new Map<AmqpValue, AmqpValue>();
    for (let i = 0; i < count; i += 2) {
      const key = this.value();
      map.set(key, this.value());
    }
    return map;
  }

  private array(code: number): AmqpValue[] {
    if ((code & 0x0f) !== 0) throw unknownCode(code);
    const outer = this.end;
    const count = this.open(code === 0xf0);
    this.enter();
    const items = this.position === this.end && count === 0 ? [] : this.elements(count);
    this.depth--;
    this.close(outer);
    return items;
  }

  /** The elements of an array share one constructor. */
  private elements(count: number): AmqpValue[] {
    let code = this.byte();
    let descriptor: string | number | bigint | undefined;
    if (code === 0x00) {
      descriptor = this.descriptor();
      code = this.byte();
      if (code === 0x00) throw new AmqpDecodeError("the elements of an array have two descriptors");
    }
    const width = fixedWidths[code >>> 4] ?? ((code >>> 4) & 1 ? 4 : 1);
    const most = width === 0 ? maxEmptyElements : (this.end - this.position) / width;
    if (count > most) throw new AmqpDecodeError("a count exceeds the bytes there are");
    const items: AmqpValue[] = [];
    for (let i = 0; i < count; i++) {
      const value = this.plain(code);
      items.push(descriptor === undefined ? value : new Described(descriptor, value));
    }
    return items;
  }
}

const emptyBytes = Buffer.alloc(0);

/** Beyond it a `Date` is invalid. */
const maxDateMs = 8.64e15;

const fixedTypes = new Map<number, (bytes: Buffer, at: number) => AmqpValue>([
  [0x50, (bytes, at) => bytes[at]!],
  [0x51, (bytes, at) => bytes.readInt8(at)],
  [0x52, (bytes, at) => bytes[at]!],
  [0x53, (bytes, at) => bytes[at]!],
  [0x54, (bytes, at) => bytes.readInt8(at)],
  [0x55, (bytes, at) => bytes.readInt8(at)],
  [0x56, (bytes, at) => bytes[at] !== 0],
  [0x60, (bytes, at) => bytes.readUInt16BE(at)],
  [0x61, (bytes, at) => bytes.readInt16BE(at)],
  [0x70, (bytes, at) => bytes.readUInt32BE(at)],
  [0x71, (bytes, at) => bytes.readInt32BE(at)],
  [0x72, (bytes, at) => bytes.readFloatBE(at)],
  [0x73, (bytes, at) => character(bytes.readUInt32BE(at))],
  [0x74, (bytes, at) => bytes.subarray(at, at + 4)],
  [0x80, (bytes, at) => narrow(bytes.readBigUInt64BE(at))],
  [0x81, (bytes, at) => narrow(bytes.readBigInt64BE(at))],
  [0x82, (bytes, at) => bytes.readDoubleBE(at)],
  [0x83, (bytes, at) => date(Number(bytes.readBigInt64BE(at)))],
  [0x84, (bytes, at) => bytes.subarray(at, at + 8)],
  [0x94, (bytes, at) => bytes.subarray(at, at + 16)],
  [0x98, (bytes, at) => new AmqpUuid(bytes.subarray(at, at + 16))],
]);

function emptyValue(code: number): AmqpValue {
  switch (code) {
    case 0x40:
      return null;
    case 0x41:
      return true;
    case 0x42:
      return false;
    case 0x43:
    case 0x44:
      return 0;
    case 0x45:
      return [];
    default:
      throw unknownCode(code);
  }
}

const narrow = (value: bigint): number | bigint =>
  value > BigInt(Number.MAX_SAFE_INTEGER) || value < BigInt(Number.MIN_SAFE_INTEGER) ? value : Number(value);

const date = (ms: number): Date => new Date(Math.max(-maxDateMs, Math.min(maxDateMs, ms)));

function character(point: number): string {
  if (point > 0x10ffff) throw new AmqpDecodeError("a char is no code point");
  return String.fromCodePoint(point);
}

const truncated = (): AmqpDecodeError => new AmqpDecodeError("a value is longer than the bytes there are");

const unknownCode = (code: number): AmqpDecodeError =>
  new AmqpDecodeError(`0x${code.toString(16)} is no type of AMQP 1.0`);
