import fc from "fast-check";
import rhea from "rhea";
import { describe, expect, it } from "vitest";
import * as codec from "../../../tools/emulator/amqp/engine/codec.js";
import { AmqpUuid, Described } from "../../../tools/emulator/amqp/engine/engine.js";
import type { AmqpValue } from "../../../tools/emulator/amqp/engine/engine.js";
import { AmqpDecodeError } from "../../../tools/emulator/amqp/engine/protocol-error.js";

const { decodeValue, encodeValue } = codec;

const leaf = fc.oneof(
  fc.constant(null),
  fc.boolean(),
  fc.integer(),
  fc.maxSafeInteger(),
  fc.double({ noNaN: true, noInteger: true }),
  fc.bigInt({ min: 2n ** 53n, max: 2n ** 64n - 1n }),
  fc.bigInt({ min: -(2n ** 63n), max: -(2n ** 53n) }),
  fc.string({ unit: "grapheme" }),
  fc.string({ minLength: 200, maxLength: 300 }),
  fc.date({ noInvalidDate: true }),
  fc.uint8Array().map((bytes) => Buffer.from(bytes)),
  fc.uint8Array({ minLength: 16, maxLength: 16 }).map((bytes) => new AmqpUuid(Buffer.from(bytes))),
);

const { value } = fc.letrec<{ value: AmqpValue }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    leaf,
    fc.array(tie("value")),
    fc.array(fc.boolean(), { minLength: 250, maxLength: 260 }),
    fc.dictionary(fc.string(), tie("value")).map((object) => new Map(Object.entries(object))),
    fc
      .tuple(fc.oneof(fc.string(), fc.nat()), tie("value"))
      .map(([name, inner]) => new Described(ascii(name), inner)),
  ),
}));

/** Rhea does not declare it. */
const { Reader } = rhea.types as unknown as {
  readonly Reader: new (bytes: Buffer) => { readonly position: number; read(): unknown };
};

const ascii = (name: string | number): string | number =>
  typeof name === "string" ? name.replaceAll(/[^ -~]/g, "?") : name;

describe("the codec", () => {
  it("reads what it wrote", () => {
    fc.assert(
      fc.property(value, (given) => {
        expect(decodeValue(encodeValue(given))).toEqual(given);
      }),
    );
  });

  it("is understood by rhea's reader, to the end of its bytes", () => {
    fc.assert(
      fc.property(value, (given) => {
        const bytes = encodeValue(given);
        const reader = new Reader(bytes);
        reader.read();
        expect(reader.position).toBe(bytes.length);
      }),
    );
  });

  it.each<[string, AmqpValue, string]>([
    ["null", null, "40"],
    ["true", true, "41"],
    ["a small int", -1, "54ff"],
    ["an int", 1_000, "71000003e8"],
    ["a long that is no int", 2 ** 40, "810000010000000000"],
    ["a double", 0.5, "823fe0000000000000"],
    ["a long beyond doubles", -(2n ** 60n), "81f000000000000000"],
    ["an ulong that is no long", 2n ** 63n, "808000000000000000"],
    ["a string", "é", "a102c3a9"],
    ["a symbol", codec.symbol("ab"), "a3026162"],
    ["no uint", codec.uint(0), "43"],
    ["a small uint", codec.uint(200), "52c8"],
    ["an uint", codec.uint(0xffff_ffff), "70ffffffff"],
    ["an ulong", codec.ulong(256), "800000000000000100"],
    ["a small long", codec.long(5), "5505"],
    ["an int by name", codec.int(200), "71000000c8"],
    ["a short", codec.short(-2), "61fffe"],
    ["an ushort", codec.ushort(2), "600002"],
    ["a byte", codec.byte(-2), "51fe"],
    ["an ubyte", codec.ubyte(2), "5002"],
    ["a float", codec.float(0.5), "723f000000"],
    ["a whole double", codec.double(1), "823ff0000000000000"],
    ["a wrapped null", codec.long(null as never), "40"],
    ["binary", Buffer.of(1, 2), "a0020102"],
    ["a timestamp", new Date(1), "830000000000000001"],
    ["an empty list", [], "45"],
    ["a list", [true, "a"], "c0050241a10161"],
    ["a map", new Map([["a", true]]), "c10502a1016141"],
    ["a described value", new Described(0x24, []), "00532445"],
    ["a value described by a symbol", new Described("a:b", true), "00a303613a6241"],
    ["longs", codec.longs([1, -1n]), "f00000001500000002810000000000000001ffffffffffffffff"],
    ["timestamps", codec.timestamps([new Date(2)]), "f00000000d00000001830000000000000002"],
    ["strings", codec.strings(["a"]), "f00000000a00000001b10000000161"],
    ["symbols", codec.symbols(["a"]), "f00000000a00000001b30000000161"],
    ["uuids", codec.uuids([Buffer.alloc(16, 7)]), `f0000000150000000198${"07".repeat(16)}`],
    ["a map of symbols", codec.symbolMap([["a", 1]]), "c10602a301615401"],
  ])("writes %s", (_, given, bytes) => {
    expect(encodeValue(given).toString("hex")).toBe(bytes);
  });

  it.each<[string, string, AmqpValue]>([
    ["a char", "7300000041", "A"],
    ["a boolean with a byte", "5601", true],
    ["a small ulong", "53ff", 255],
    ["an ulong of zero", "44", 0],
    ["a float", "723f000000", 0.5],
    ["a long list", "d00000000700000001a10161", ["a"]],
    ["an array of symbols", "e00602a301610162", ["a", "b"]],
    ["an array of described values", "e00702005324500102", [new Described(0x24, 1), new Described(0x24, 2)]],
    ["the latest date of .NET", "830000e677d21fdbff", new Date(253_402_300_799_999)],
    ["a date beyond JavaScript's", "837fffffffffffffff", new Date(8.64e15)],
    ["a decimal, as its bytes", "7401020304", Buffer.of(1, 2, 3, 4)],
    ["an empty array", "e0020040", []],
    ["an array of trues", "e0020341", [true, true, true]],
  ])("reads %s", (_, bytes, expected) => {
    expect(decodeValue(Buffer.from(bytes, "hex"))).toEqual(expected);
  });

  it("reads any bytes as a value, or refuses them", () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 64 }),
      // Bytes that often are constructors, sizes and counts.
      fc.array(
        fc.constantFrom(0, 1, 2, 4, 0x40, 0x41, 0x45, 0x53, 0xa1, 0xc0, 0xc1, 0xd0, 0xd1, 0xe0, 0xf0, 0xff),
      ),
      fc.tuple(value, fc.nat(), fc.nat(255)).map(([given, at, byte]) => {
        const mutated = encodeValue(given);
        mutated[at % mutated.length] = byte;
        return mutated;
      }),
    );
    fc.assert(
      fc.property(bytes, (given) => {
        try {
          decodeValue(Buffer.from(given as Uint8Array));
        } catch (error) {
          expect(error).toBeInstanceOf(AmqpDecodeError);
        }
      }),
      { numRuns: 2_000 },
    );
  });

  it("never asks for more values than it may", () => {
    const many = encodeValue(Array.from({ length: 100 }, () => []));
    expect(() => decodeValue(many, { maxDepth: 2, maxValues: 100 })).toThrow("too many values");
    expect(decodeValue(many, { maxDepth: 2, maxValues: 101 })).toHaveLength(100);
  });

  it("refuses bytes behind the value", () => {
    expect(() => decodeValue(Buffer.of(0x40, 0x40))).toThrow(AmqpDecodeError);
  });
});
