import type { AmqpValue } from "./engine.js";
import { AmqpDecodeError } from "./protocol-error.js";
import { AmqpReader } from "./reader.js";

/**
 * Reads the fields of a described list one by one, each with the type that the specification gives it. A field that is
 * null, or behind the end of the list, is `undefined`.
 * @throws {AmqpDecodeError} A field has another type.
 */
export class FieldReader extends AmqpReader {
  private fields = 0;

  /** Reads descriptor and head of a described list, and returns the descriptor's code. */
  openComposite(): number {
    if (this.byte() !== 0x00) throw new AmqpDecodeError("a described list was expected");
    const code = compositeCode(this.descriptor());
    const list = this.byte();
    if (list === 0x45) {
      this.fields = 0;
      return code;
    }
    if (list !== 0xc0 && list !== 0xd0) throw new AmqpDecodeError("a described list was expected");
    this.fields = this.open(list === 0xd0);
    if (this.fields > this.end - this.position)
      throw new AmqpDecodeError("a count exceeds the bytes there are");
    return code;
  }

  /** Ends the list: what it has beyond the fields that are known is passed over. Returns where it ended. */
  closeComposite(): number {
    for (; this.fields > 0; this.fields--) this.skip();
    return this.position;
  }

  uintField(): number | undefined {
    const code = this.field();
    if (code === undefined) return undefined;
    if (code === 0x43) return 0;
    if (code === 0x52) return this.byte();
    if (code === 0x70) return this.uint32();
    throw wrongType("uint", code);
  }

  ushortField(): number | undefined {
    const code = this.field();
    if (code === undefined) return undefined;
    if (code !== 0x60) throw wrongType("ushort", code);
    return this.bytes.readUInt16BE(this.advance(2));
  }

  ubyteField(): number | undefined {
    const code = this.field();
    if (code === undefined) return undefined;
    if (code !== 0x50) throw wrongType("ubyte", code);
    return this.byte();
  }

  boolField(): boolean | undefined {
    const code = this.field();
    if (code === undefined) return undefined;
    if (code === 0x41) return true;
    if (code === 0x42) return false;
    if (code === 0x56) return this.byte() !== 0;
    throw wrongType("boolean", code);
  }

  stringField(): string | undefined {
    const value = this.typed(0xa1, 0xb1, "string");
    return typeof value === "string" ? value : undefined;
  }

  symbolField(): string | undefined {
    const value = this.typed(0xa3, 0xb3, "symbol");
    return typeof value === "string" ? value : undefined;
  }

  /** A view of the bytes. */
  binaryField(): Buffer | undefined {
    const value = this.typed(0xa0, 0xb0, "binary");
    return value as Buffer | undefined;
  }

  /** One symbol, or an array of them. */
  symbolsField(): readonly string[] {
    const value = this.anyField();
    if (value === undefined) return [];
    const items = Array.isArray(value) ? (value as AmqpValue[]) : [value];
    return items.filter((item) => typeof item === "string");
  }

  /** A map with symbols as keys; keys of other types are left out. */
  fieldsField(): ReadonlyMap<string, AmqpValue> {
    return stringKeys(this.anyField());
  }

  anyField(): AmqpValue | undefined {
    const code = this.field();
    if (code === undefined) return undefined;
    this.position--;
    return this.value();
  }

  /** The field as it stands there. */
  rawField(): Buffer | undefined {
    const code = this.field();
    if (code === undefined) return undefined;
    this.position--;
    return this.raw();
  }

  private typed(short: number, long: number, name: string): AmqpValue | undefined {
    const code = this.field();
    if (code === undefined) return undefined;
    if (code !== short && code !== long) throw wrongType(name, code);
    return this.plain(code);
  }

  /** The constructor of the next field, or undefined if the field has no value. */
  private field(): number | undefined {
    if (this.fields === 0) return undefined;
    this.fields--;
    const code = this.byte();
    return code === 0x40 ? undefined : code;
  }
}

/** What of a map has strings as keys. */
export function stringKeys(value: AmqpValue | undefined): ReadonlyMap<string, AmqpValue> {
  const fields = new Map<string, AmqpValue>();
  if (!(value instanceof Map)) return fields;
  for (const [key, field] of value as ReadonlyMap<AmqpValue, AmqpValue>) {
    if (typeof key === "string") fields.set(key, field);
  }
  return fields;
}

/** The number of a composite type, also when its symbol was sent. */
export function compositeCode(descriptor: string | number | bigint): number {
  if (typeof descriptor === "number") return descriptor;
  const code = typeof descriptor === "string" ? symbolicCodes.get(descriptor) : undefined;
  if (code === undefined) throw new AmqpDecodeError("a descriptor is unknown");
  return code;
}

const symbolicCodes = new Map(
  Object.entries({
    open: 0x10,
    begin: 0x11,
    attach: 0x12,
    flow: 0x13,
    transfer: 0x14,
    disposition: 0x15,
    detach: 0x16,
    end: 0x17,
    close: 0x18,
    error: 0x1d,
    received: 0x23,
    accepted: 0x24,
    rejected: 0x25,
    released: 0x26,
    modified: 0x27,
    source: 0x28,
    target: 0x29,
    coordinator: 0x30,
    "sasl-init": 0x41,
    "sasl-response": 0x43,
  }).map(([name, code]) => [`amqp:${name}:list`, code]),
);

const wrongType = (name: string, code: number): AmqpDecodeError =>
  new AmqpDecodeError(`a field is no ${name} but 0x${code.toString(16)}`);
