import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isWaybillError } from "../../src/errors.js";
import { fromStructuredJson, toStructuredJson } from "../../src/message/structured-json.js";
import { envelope, envelopes, failureOf } from "./envelopes.js";

const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString("utf8");
const event = (members: string): Uint8Array =>
  Buffer.from(`{"specversion":"1.0","id":"1","source":"/s","type":"t"${members}}`);

describe("an envelope in structured JSON", () => {
  it("comes back as it was, but for the broker's id", () => {
    fc.assert(
      fc.property(envelopes, ({ brokerId: _own, ...sent }) => {
        expect(fromStructuredJson(toStructuredJson(sent))).toEqual(sent);
      }),
    );
  });

  it("is one JSON object whose data is the same value", () => {
    const body = Buffer.from('{"a":[1,2,{"b":"ü"}]}');
    const sent = envelope({ body, contentType: "application/json" });
    const parsed = JSON.parse(textOf(toStructuredJson(sent))) as Record<string, unknown>;
    expect(parsed["data"]).toEqual({ a: [1, 2, { b: "ü" }] });
  });

  it.each([
    ["spaces inside", '{ "a" : 1 }', "application/json"],
    ["duplicate keys", '{"a":1,"a":2}', "application/json"],
    ["long numbers", "[1.0000000000000000001,1e400]", "application/vnd.x+json"],
    ["escapes", '"\\u00e9\\/"', "Application/JSON; charset=UTF-8"],
    ["the key __proto__", '{"__proto__":{"a":1}}', "application/json"],
    ["a lone surrogate escape", '"\\ud800"', "application/json"],
    ["a literal U+FFFD", '"\ufffd"', "application/json"],
  ])("has a body with %s byte for byte in data", (_what, text, contentType) => {
    const sent = envelope({ body: Buffer.from(text), contentType });
    const bytes = toStructuredJson(sent);
    expect(textOf(bytes)).toContain(`"data":${text}`);
    expect(textOf(fromStructuredJson(bytes).body)).toBe(text);
  });

  it.each([
    ["white space before it", Buffer.from(" {}"), "application/json"],
    ["white space after it", Buffer.from("{}\n"), "application/json"],
    ["a byte order mark", Buffer.from("\ufeff{}"), "application/json"],
    ["a syntax error", Buffer.from('{},"id":"2"'), "application/json"],
    ["bytes that are no UTF-8", Buffer.from([0x22, 0xff, 0x22]), "application/json"],
    ["another charset", Buffer.from("{}"), "application/json; charset=utf-16"],
    ["another content type", Buffer.from("{}"), "text/plain"],
    ["no content type", Buffer.from("{}"), undefined],
    ["deep nesting", Buffer.from("[".repeat(65) + "]".repeat(65)), "application/json"],
  ])("has a body with %s byte for byte in data_base64", (_what, body, contentType) => {
    const bytes = toStructuredJson(envelope({ body, ...(contentType === undefined ? {} : { contentType }) }));
    expect(textOf(bytes)).toContain(`"data_base64":"${body.toString("base64")}"`);
    expect(fromStructuredJson(bytes).body).toEqual(body);
  });

  it("with reserved headers is refused", () => {
    expect(failureOf(() => toStructuredJson(envelope({ headers: { wbto: "x" } }))).code).toBe(
      "invalidMessage",
    );
  });
});

describe("a foreign CloudEvent", () => {
  it.each([
    ["a JSON string for JSON", ',"data":"x"', '"x"'],
    ["a string for text", ',"datacontenttype":"text/plain","data":"x\\n"', "x\n"],
    ["an object for text", ',"datacontenttype":"text/plain","data":{"a": 1}', '{"a": 1}'],
    ["the last of two", ',"data":1,"data":2', "2"],
    ["a key in escapes", ',"\\u0064ata":[ ]', "[ ]"],
    [
      "an object with brackets in strings",
      ',"data":{"a":"}]\\"","b":["{"]},"x":1',
      '{"a":"}]\\"","b":["{"]}',
    ],
    ["a key data elsewhere", ',"x":{"data":1},"data":-2.5e+3', "-2.5e+3"],
    ["base64", ',"data_base64":"AAE="', "\u0000\u0001"],
    ["nothing", "", ""],
    ["null", ',"data":null', "null"],
  ])("with %s has that body", (_what, members, body) => {
    expect(textOf(fromStructuredJson(event(members)).body)).toBe(body);
  });

  it.each([
    ["no JSON", Buffer.from('{"a":')],
    ["an array", Buffer.from("[]")],
    ["null", Buffer.from("null")],
    ["no specversion", Buffer.from('{"id":"1"}')],
    ["specversion 0.3", Buffer.from('{"specversion":"0.3","id":"1"}')],
    ["no id", Buffer.from('{"specversion":"1.0"}')],
    ["bytes that are no UTF-8", Buffer.from([0x7b, 0x22, 0xc3, 0x28, 0x22, 0x3a, 0x31, 0x7d])],
    ["deep nesting", event(`,"data":${"[".repeat(65)}${"]".repeat(65)}`)],
    ["too many extensions", event(Array.from({ length: 65 }, (_, at) => `,"x${String(at)}":1`).join(""))],
    ["headers that are no object", event(',"wbheaders":"[1]"')],
    ["headers that are no JSON", event(',"wbheaders":"{"')],
    ["base64 that is none", event(',"data_base64":"*"')],
  ])("of %s is undecodable", (_what, bytes) => {
    expect(failureOf(() => fromStructuredJson(bytes)).code).toBe("undecodable");
  });

  it("larger than allowed is undecodable", () => {
    const bytes = event("");
    expect(fromStructuredJson(bytes, { maxBytes: bytes.length }).id).toBe("1");
    expect(failureOf(() => fromStructuredJson(bytes, { maxBytes: bytes.length - 1 })).code).toBe(
      "undecodable",
    );
  });

  it("cannot reach a prototype through its attributes or headers", () => {
    const read = fromStructuredJson(
      event(',"__proto__":"a","constructor":"b","wbheaders":"{\\"__proto__\\":1,\\"k\\":2}"'),
    );
    expect(Object.entries(read.extensions)).toEqual([]);
    expect(Object.entries(read.headers)).toEqual([["k", 2]]);
    expect(Object.getPrototypeOf(read.headers)).toBeNull();
  });

  it("with an object as a count is read without it", () => {
    const read = fromStructuredJson(event(',"wbattempt":{"toString":1,"valueOf":1},"wbversion":[3]'));
    expect(read.history).toEqual({});
    expect(read.version).toBeUndefined();
  });

  it("with headers that only the wire may write is read without them, so that a copy can be sent", () => {
    const read = fromStructuredJson(
      event(String.raw`,"wbheaders":"{\"wbx\":1,\"traceparent\":2,\"own\":3}"`),
    );
    expect(Object.entries(read.headers)).toEqual([["own", 3]]);
    expect(fromStructuredJson(toStructuredJson(read))).toEqual(read);
  });

  it("of any bytes is read or undecodable, never anything else", () => {
    const piece = fc.constantFrom(
      "{",
      "}",
      "[",
      "]",
      ",",
      ":",
      '"',
      "\\",
      "1",
      "e",
      "-",
      " ",
      "data",
      '"data":',
      '"id":"1"',
      '"specversion":"1.0"',
      "null",
      "\ufeff",
      "\u0000",
    );
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 60 }),
      fc.array(piece, { maxLength: 30 }).map((pieces) => Buffer.from(pieces.join(""))),
      fc.array(piece, { maxLength: 12 }).map((pieces) => event(`,"data":${pieces.join("")}`)),
    );
    fc.assert(
      fc.property(bytes, (given) => {
        try {
          fromStructuredJson(given);
        } catch (error) {
          expect(isWaybillError(error) && error.code).toBe("undecodable");
        }
      }),
      { numRuns: 2000 },
    );
  });
});
