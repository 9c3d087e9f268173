import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createJsonCodec, jsonCodec } from "../../src/message/codec.js";
import { jsonErrorPosition } from "../../src/message/json-syntax.js";
import { failureOf } from "./envelopes.js";

const decode = (text: string, contentType?: string): unknown =>
  jsonCodec.decode(Buffer.from(text), contentType);
const nested = (depth: number): string => "[".repeat(depth) + "]".repeat(depth);

/** Any JSON value without the key that reading drops on purpose. */
const jsonValue = fc
  .jsonValue({ noUnicodeString: false })
  .filter((data) => !JSON.stringify(data).includes('"__proto__":'));

describe("the JSON codec, encoding", () => {
  it("gives back what JSON can carry", () => {
    fc.assert(
      fc.property(jsonValue, (data) => {
        expect(jsonCodec.decode(jsonCodec.encode(data), jsonCodec.contentType)).toEqual(
          JSON.parse(JSON.stringify(data)),
        );
      }),
    );
  });

  it("sends a lone surrogate as an escape", () => {
    expect(Buffer.from(jsonCodec.encode("\ud800")).toString()).toBe('"\\ud800"');
  });

  const cyclic: Record<string, unknown> = { order: { lines: [{}] } };
  (cyclic["order"] as { lines: unknown[] }).lines.push({ parent: cyclic["order"] });
  it.each([
    ["undefined", undefined, "undefined"],
    ["a function", () => 1, "function"],
    ["a symbol", Symbol("secret"), "symbol"],
    ["a bigint", 1n, "$"],
    ["a bigint inside", { order: { lines: [{ cents: 5n }] } }, "$.order.lines[0].cents"],
    ["a cycle", cyclic, "$.order.lines[1].parent refers back to $.order"],
    [
      "a toJSON that throws",
      {
        toJSON: () => {
          throw new Error("secret");
        },
      },
      "toJSON",
    ],
    [
      "a getter that throws",
      {
        get a() {
          throw new Error("secret");
        },
      },
      "getter",
    ],
    ["65 levels", JSON.parse(nested(65)), "64 levels"],
  ])("refuses %s and says where it is", (_what, data, said) => {
    const failure = failureOf(() => jsonCodec.encode(data));
    expect(failure.code).toBe("notSerialisable");
    expect(failure.message).toContain(said);
    expect(failure.message).not.toContain("secret");
  });

  it("refuses what is nested too deep for the engine", () => {
    let data: unknown = 1n;
    for (let depth = 0; depth < 50_000; depth += 1) data = [data];
    expect(failureOf(() => jsonCodec.encode(data)).code).toBe("notSerialisable");
  });
});

describe("the JSON codec, decoding", () => {
  it.each([
    [undefined],
    [""],
    ["application/json"],
    ["Application/JSON"],
    ["application/json;charset=utf-8"],
    ['application/json ; version=1; charset="UTF-8"'],
    ["application/vnd.tailwind.order+json"],
    ["application/problem+JSON; charset=us-ascii"],
    ["text/json"],
  ])("reads the content type %j", (contentType) => {
    expect(decode('{"a":1}', contentType)).toEqual({ a: 1 });
  });

  it.each([
    ["text/plain"],
    ["application/xml"],
    ["application/json; charset=utf-16"],
    ["application/json; charset=iso-8859-1"],
    ["application/jsonx"],
    [";"],
    ["application/octet-stream; name=+json"],
  ])("refuses the content type %j", (contentType) => {
    expect(failureOf(() => decode("{}", contentType)).code).toBe("unexpectedContentType");
  });

  it.each([
    ["", 0],
    ["{", 1],
    ['{"a"', 4],
    ['{"a":1,}', 7],
    ["[1,]", 3],
    ["[1 2]", 3],
    ["{} x", 3],
    ["nul", 0],
    ["01", 1],
    ["-", 0],
    ['"a\nb"', 2],
    ['"\\x"', 1],
    ['"\\u12g4"', 1],
    ['{"password":secret}', 12],
    ["]", 0],
    ["[}", 1],
    ['"abc', 4],
    ["\ufeff\ufeff1", 0],
  ])("says where %j stops being JSON, at %i, and does not quote it", (text, position) => {
    const failure = failureOf(() => decode(text));
    expect(failure.code).toBe("undecodable");
    expect(failure.message).toMatch(new RegExp(`at character ${String(position)}$`));
    expect(failure.message).not.toContain("secret");
  });

  it("finds a position exactly where the engine finds an error", () => {
    const piece = fc.constantFrom(
      "{",
      "}",
      "[",
      "]",
      ",",
      ":",
      '"',
      "\\u00e9",
      "\\",
      "1",
      "0",
      ".",
      "e",
      "-",
      "true",
      "null",
      " ",
      "\n",
      '"a"',
      "\u0001",
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const text = pieces.join("");
        expect(jsonErrorPosition(text) === -1).toBe(isJson(text));
      }),
      { numRuns: 3000 },
    );
  });

  it("skips one byte order mark", () => {
    expect(decode("\ufeff[1]")).toEqual([1]);
  });

  it.each([
    [[0xff]],
    [[0x22, 0xc3, 0x28, 0x22]],
    [[0x22, 0xed, 0xa0, 0x80, 0x22]],
    [[0xff, 0xfe, 0x31, 0x00]],
  ])("refuses the bytes %j, which are no UTF-8", (bytes) => {
    expect(failureOf(() => jsonCodec.decode(Uint8Array.from(bytes), undefined)).message).toContain("UTF-8");
  });

  it("reads an honest U+FFFD", () => {
    expect(decode('"\ufffd"')).toBe("\ufffd");
  });

  it.each([
    ['{"a":1,"__proto__":{"b":2}}'],
    ['{"a":1,"\\u005f_proto__":{"b":2}}'],
    ['{"a":1,"__\\u0070roto__":{"b":2}}'],
  ])("drops the key __proto__ of %s", (text) => {
    const data = decode(text) as Record<string, unknown>;
    expect(Object.keys(data)).toEqual(["a"]);
    expect(Object.getPrototypeOf(data)).toBe(Object.prototype);
    expect(data["b"]).toBeUndefined();
  });

  it("drops the key __proto__ at any depth and keeps the text", () => {
    const data = decode('[{"x":[{"__proto__":1,"y":"__proto__"}]}]');
    expect(JSON.stringify(data)).toBe('[{"x":[{"y":"__proto__"}]}]');
  });

  it("takes the last of duplicate keys", () => {
    expect(decode('{"a":1,"a":2}')).toEqual({ a: 2 });
  });

  it("reads 64 levels and refuses 65", () => {
    expect(decode(nested(64))).toHaveLength(1);
    expect(failureOf(() => decode(nested(65)))).toMatchObject({ code: "undecodable" });
  });

  it("counts levels, not brackets", () => {
    expect(decode(JSON.stringify(Array.from({ length: 200 }, () => ({}))))).toHaveLength(200);
    expect(decode(JSON.stringify(["[".repeat(200), '"\\{'.repeat(200)]))).toHaveLength(2);
    expect(failureOf(() => decode(`["\\"",${nested(64)}]`)).code).toBe("undecodable");
  });

  it("refuses a million levels without recursion", () => {
    expect(failureOf(() => decode("[".repeat(1_000_000))).code).toBe("undecodable");
    expect(failureOf(() => decode('{"a":'.repeat(200_000))).code).toBe("undecodable");
  });

  it("takes limits of its own", () => {
    const codec = createJsonCodec({ maxBytes: 5, maxDepth: 1 });
    expect(codec.decode(Buffer.from("[1,2]"), undefined)).toEqual([1, 2]);
    expect(failureOf(() => codec.decode(Buffer.from("[1,23]"), undefined)).message).toContain(
      "allowed are 5",
    );
    expect(failureOf(() => codec.decode(Buffer.from("[[]]"), undefined)).code).toBe("undecodable");
    expect(failureOf(() => codec.encode([[]])).code).toBe("notSerialisable");
  });
});

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
