/**
 * Writes AMQP values one behind the other. Reused for message after message: `take` gives what was written and begins anew.
 */
export class ByteWriter {
  #bytes: Buffer;
  #at = 0;

  constructor(capacity = 4096) {
    this.#bytes = Buffer.allocUnsafe(capacity);
  }

  /** A copy of everything written since the last `take`. */
  take(): Buffer {
    const taken = Buffer.from(this.#bytes.subarray(0, this.#at));
    this.#at = 0;
    return taken;
  }

  /** Forgets what was written since the last `take`. */
  clear(): void {
    this.#at = 0;
  }

  raw(bytes: Uint8Array, start = 0, end = bytes.length): void {
    this.#room(end - start);
    this.#bytes.set(start === 0 && end === bytes.length ? bytes : bytes.subarray(start, end), this.#at);
    this.#at += end - start;
  }

  byte(value: number): void {
    this.#room(1);
    this.#bytes[this.#at++] = value;
  }

  null(): void {
    this.byte(0x40);
  }

  boolean(value: boolean): void {
    this.byte(value ? 0x41 : 0x42);
  }

  /** A number of `size` bytes behind its type. */
  integer(code: number, size: 1 | 2 | 4, value: number): void {
    this.byte(code);
    this.#room(size);
    // Both signs have the same bytes, which are taken from the low end.
    for (let shift = (size - 1) * 8; shift >= 0; shift -= 8) this.#bytes[this.#at++] = value >>> shift;
  }

  uint(value: number): void {
    if (value === 0) this.byte(0x43);
    else this.integer(0x70, 4, value);
  }

  int(value: number): void {
    this.integer(0x71, 4, value);
  }

  long(value: number | bigint): void {
    this.#eight(0x81, value);
  }

  ulong(value: number | bigint): void {
    this.#eight(0x80, value);
  }

  timestamp(ms: number): void {
    this.#eight(0x83, Number.isSafeInteger(ms) ? ms : 0);
  }

  float(value: number): void {
    this.byte(0x72);
    this.#room(4);
    this.#at = this.#bytes.writeFloatBE(value, this.#at);
  }

  double(value: number): void {
    this.byte(0x82);
    this.#room(8);
    this.#at = this.#bytes.writeDoubleBE(value, this.#at);
  }

  string(text: string): void {
    this.#text(0xa1, text);
  }

  symbol(text: string): void {
    this.#text(0xa3, text);
  }

  binary(bytes: Uint8Array): void {
    if (bytes.length < 256) this.integer(0xa0, 1, bytes.length);
    else this.integer(0xb0, 4, bytes.length);
    this.raw(bytes);
  }

  /** Begins a section: its descriptor. */
  section(code: number): void {
    this.integer(0x00, 1, 0x53);
    this.byte(code);
  }

  /** Begins a list or map; to be given to `end`. */
  begin(code: 0xd0 | 0xd1): number {
    this.byte(code);
    this.#room(8);
    const start = this.#at;
    this.#at += 8;
    return start;
  }

  /** Ends what `begin` began: `count` elements, of which a map has two per entry. */
  end(start: number, count: number): void {
    this.#bytes.writeUInt32BE(this.#at - start - 4, start);
    this.#bytes.writeUInt32BE(count, start + 4);
  }

  #text(code: 0xa1 | 0xa3, text: string): void {
    const size = Buffer.byteLength(text);
    if (size < 256) this.integer(code, 1, size);
    else this.integer(code + 0x10, 4, size);
    this.#room(size);
    this.#at += this.#bytes.write(text, this.#at);
  }

  #eight(code: number, value: number | bigint): void {
    this.byte(code);
    this.#room(8);
    if (typeof value === "bigint") {
      this.#at = this.#bytes.writeBigUInt64BE(BigInt.asUintN(64, value), this.#at);
      return;
    }
    this.#at = this.#bytes.writeInt32BE(Math.floor(value / 0x1_0000_0000) | 0, this.#at);
    this.#at = this.#bytes.writeUInt32BE(value >>> 0, this.#at);
  }

  #room(size: number): void {
    const needed = this.#at + size;
    if (needed <= this.#bytes.length) return;
    const grown = Buffer.allocUnsafe(Math.max(needed, 2 * this.#bytes.length));
    grown.set(this.#bytes.subarray(0, this.#at));
    this.#bytes = grown;
  }
}
