import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type IncomingAmqpMessage, fromAmqp, toAmqp } from "../../src/message/amqp-binding.js";
import { envelope, envelopes, failureOf } from "./envelopes.js";

const incoming = (parts: Partial<IncomingAmqpMessage>): IncomingAmqpMessage => ({
  body: Buffer.from("{}"),
  ...parts,
});
const properties = (applicationProperties: Record<string, unknown>) =>
  fromAmqp(incoming({ messageId: "m-1", applicationProperties }), "fallback");

describe("an envelope that travels over AMQP", () => {
  it.each(["session", "partition"] as const)("comes back as it was, with the key as %s", (key) => {
    fc.assert(
      fc.property(envelopes, (sent) => {
        const received = fromAmqp(toAmqp(sent, { key }), "fallback");
        expect(received).toEqual(sent);
        expect(received.body).toBe(sent.body);
      }),
    );
  });

  it("is spelled the same after any number of copies", () => {
    fc.assert(
      fc.property(envelopes, (sent) => {
        const once = toAmqp(sent, { key: "session" });
        expect(toAmqp(fromAmqp(once, "fallback"), { key: "session" })).toEqual(once);
      }),
    );
  });

  it("names a message id of its own only where the broker's differs", () => {
    expect(toAmqp(envelope(), { key: "session" }).messageId).toBe("m-1");
    expect(toAmqp(envelope({ brokerId: "copy" }), { key: "session" }).messageId).toBe("copy");
    expect(fromAmqp(toAmqp(envelope(), { key: "session" }), "fallback")).not.toHaveProperty("brokerId");
  });

  it("keeps reply-to and time to live as extensions where streams have no native fields", () => {
    const sent = envelope({ replyTo: "answers", ttlMs: 5 });
    const { messageId, body, applicationProperties } = toAmqp(sent, { key: "partition" });
    expect(fromAmqp({ messageId, body, applicationProperties }, "fallback")).toEqual(sent);
    expect(toAmqp(sent, { key: "session" }).applicationProperties).not.toHaveProperty("cloudEvents_wbttl");
  });

  it.each([
    ["cloudEvents_id"],
    ["cloudEvents:x"],
    ["wbversion"],
    ["wbanything"],
    ["wbdlreason"],
    ["DeadLetterReason"],
    ["Diagnostic-Id"],
    ["traceparent"],
    ["tracestate"],
    ["constructor"],
    ["prototype"],
    [""],
    ["x".repeat(129)],
  ])("refuses the header %j, which could not be read back", (name) => {
    const failure = failureOf(() => toAmqp(envelope({ headers: { [name]: "secret" } }), { key: "session" }));
    expect(failure.code).toBe("invalidMessage");
    expect(failure.message).not.toContain("secret");
  });

  it("refuses a header named __proto__", () => {
    const headers = Object.fromEntries([["__proto__", "x"]]);
    expect(failureOf(() => toAmqp(envelope({ headers }), { key: "session" })).code).toBe("invalidMessage");
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, undefined, null, 1n, {}])(
    "refuses the header value %s",
    (value) => {
      const headers = { h: value as string };
      expect(failureOf(() => toAmqp(envelope({ headers }), { key: "session" })).code).toBe("invalidMessage");
    },
  );

  it.each([
    ["id", envelope({ id: "x".repeat(129) })],
    ["key", envelope({ key: "x".repeat(129) })],
  ])("refuses an %s that the broker would refuse", (_what, sent) => {
    expect(failureOf(() => toAmqp(sent, { key: "session" }))).toMatchObject({ code: "invalidMessage" });
  });
});

describe("a foreign AMQP message", () => {
  it.each([
    ["cloudEvents_id", { messageId: "m", applicationProperties: { cloudEvents_id: "e" } }, "e"],
    ["cloudEvents:id", { messageId: "m", applicationProperties: { "cloudEvents:id": "e" } }, "e"],
    ["message id", { messageId: "m" }, "m"],
    ["numeric message id", { messageId: 42 }, "42"],
    ["binary message id", { messageId: Buffer.from([1, 171]) }, "01ab"],
    ["position", {}, "fallback"],
    ["position, with an empty message id", { messageId: "" }, "fallback"],
  ])("has its id from the %s", (_from, parts, id) => {
    expect(fromAmqp(incoming(parts), "fallback").id).toBe(id);
  });

  it.each([
    [
      "session id",
      { sessionId: "s", partitionKey: "p", applicationProperties: { cloudEvents_subject: "c" } },
      "s",
    ],
    ["partition key", { partitionKey: "p", applicationProperties: { cloudEvents_subject: "c" } }, "p"],
    ["subject", { applicationProperties: { cloudEvents_subject: "c" } }, "c"],
    ["nothing", { sessionId: "" }, undefined],
  ])("has its key from the %s", (_from, parts, key) => {
    expect(fromAmqp(incoming(parts), "fallback").key).toBe(key);
  });

  it("has the underscore spelling where both are there, in either order", () => {
    expect(properties({ cloudEvents_type: "a", "cloudEvents:type": "b" }).type).toBe("a");
    expect(properties({ "cloudEvents:type": "b", cloudEvents_type: "a" }).type).toBe("a");
  });

  it.each([
    [7, 7],
    ["7", 7],
    [7n, 7],
    [-1, undefined],
    [1.5, undefined],
    ["", undefined],
    ["seven", undefined],
    [true, undefined],
    [null, undefined],
    [new Date(0), undefined],
    [Number.NaN, undefined],
  ])("with the version %s has the version %s", (given, version) => {
    expect(properties({ cloudEvents_wbversion: given }).version).toBe(version);
    expect(properties({ wbversion: given }).version).toBe(version);
  });

  it.each([
    ["text", "text"],
    [1.5, 1.5],
    [false, false],
    [5n, 5],
    [2n ** 60n, "1152921504606846976"],
    [new Date("2026-01-02T03:04:05.678Z"), "2026-01-02T03:04:05.678Z"],
    [new Date(Number.NaN), undefined],
    [Number.NaN, undefined],
    [Buffer.from("x"), undefined],
    [null, undefined],
    [undefined, undefined],
    [{ a: 1 }, undefined],
    [[1], undefined],
    [Symbol("s"), undefined],
  ])("with the property %s has the header %s", (given, header) => {
    const { headers } = properties({ given });
    expect(headers["given"]).toBe(header);
    expect(Object.keys(headers)).toEqual(header === undefined ? [] : ["given"]);
  });

  it("cannot reach a prototype through its properties", () => {
    const hostile = JSON.parse(
      '{"__proto__":"a","constructor":"b","prototype":"c","cloudEvents___proto__":"d","kept":"e"}',
    ) as Record<string, unknown>;
    const { headers, extensions } = properties(hostile);
    expect(Object.keys(headers)).toEqual(["kept"]);
    expect(Object.keys(extensions)).toEqual([]);
    expect(Object.getPrototypeOf(headers)).toBeNull();
    expect(Object.getPrototypeOf(extensions)).toBeNull();
  });

  it.each([
    ["a map without conversions", Object.create(null) as unknown],
    ["a map with a toString of its own", { toString: 1, valueOf: 1 }],
    ["a list", [5]],
    ["a symbol", Symbol("5")],
  ])("with %s as a count is read without it", (_what, value) => {
    const read = properties({ cloudEvents_wbversion: value, wbattempt: value, cloudEvents_wbto: value });
    expect(read.version).toBeUndefined();
    expect(read.history).toEqual({});
  });

  it("keeps the traces of its death out of the headers", () => {
    const { headers, extensions } = properties({
      wbdlreason: "Permanent",
      DeadLetterReason: "x",
      DeadLetterErrorDescription: "y",
      own: 1,
    });
    expect(headers).toEqual({ own: 1 });
    expect(extensions).toEqual({});
  });

  const trace = (digit: string): string => `00-${digit.repeat(32)}-${digit.repeat(16)}-01`;
  it.each([
    [
      { traceparent: trace("1"), "Diagnostic-Id": trace("2"), cloudEvents_traceparent: trace("3") },
      trace("1"),
    ],
    [{ "Diagnostic-Id": trace("2"), cloudEvents_traceparent: trace("3") }, trace("2")],
    [{ "Diagnostic-Id": "|7b2c.1.", cloudEvents_traceparent: trace("3") }, trace("3")],
    [{ "Diagnostic-Id": "|7b2c.1." }, undefined],
    [{ traceparent: "" }, undefined],
  ])("with %j continues the trace %s", (given, traceparent) => {
    expect(properties(given).traceparent).toBe(traceparent);
  });

  it.each([
    ["65 properties", Object.fromEntries(Array.from({ length: 65 }, (_, at) => [`h${String(at)}`, 1]))],
    [
      "65 extensions",
      Object.fromEntries(Array.from({ length: 65 }, (_, at) => [`cloudEvents_x${String(at)}`, 1])),
    ],
    ["33,000 characters", { a: "x".repeat(20_000), cloudEvents_b: "y".repeat(13_000) }],
  ])("with %s is undecodable", (_what, given) => {
    expect(failureOf(() => properties(given)).code).toBe("undecodable");
  });

  it("takes 64 headers", () => {
    const given = Object.fromEntries(Array.from({ length: 64 }, (_, at) => [`h${String(at)}`, 1]));
    expect(Object.keys(properties(given).headers)).toHaveLength(64);
  });

  it("in structured mode that is no CloudEvent is read as it stands", () => {
    const contentType = "application/cloudevents+json";
    const read = fromAmqp(incoming({ messageId: "m", contentType, body: Buffer.from("{") }), "fallback");
    expect(read).toMatchObject({ id: "m", type: "", contentType, body: Buffer.from("{") });
  });

  it("of any content is read, within the bounds, and its copy can be sent", () => {
    const value = fc.oneof(
      fc.string(),
      fc.double(),
      fc.bigInt(),
      fc.boolean(),
      fc.date(),
      fc.constant(null),
      fc.object(),
    );
    const name = fc.oneof(
      fc.string(),
      fc.constantFrom("__proto__", "toString", "traceparent", "wbx", "wbversion", "wbdlx", "cloudEventsx"),
      fc.string().map((rest) => `cloudEvents_${rest}`),
      fc.string().map((rest) => `cloudEvents:${rest}`),
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(name, value), { maxLength: 20 }), fc.uint8Array(), (entries, body) => {
        const message = incoming({ body, applicationProperties: Object.fromEntries(entries) });
        const read = fromAmqp(message, "fallback");
        const copy = { ...read, history: { ...read.history, attempts: 1 } };
        if (copy.id.length > 128 || (copy.key ?? "").length > 128) return;
        expect(fromAmqp(toAmqp(copy, { key: "session" }), "fallback")).toEqual(copy);
      }),
      { numRuns: 500 },
    );
  });
});
