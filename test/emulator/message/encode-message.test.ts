import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { BrokerMessage } from "../../../adapters/memory/broker/message.js";
import { decodeMessage } from "../../../tools/emulator/amqp/message/decode-message.js";
import { encodeForReceiver } from "../../../tools/emulator/amqp/message/encode-for-receiver.js";
import { encodeMessage } from "../../../tools/emulator/amqp/message/encode-message.js";
import { pairsOf } from "../../../tools/emulator/amqp/message/property-pairs.js";
import { scanSections } from "../../../tools/emulator/amqp/message/sections.js";
import {
  dataSection,
  dataSections,
  decodeByRhea,
  encodeByRhea,
  sequenceSection,
  types,
} from "./rhea-message.js";

const still = { offsetMs: 0 };
type Original = Parameters<typeof encodeByRhea>[0];

const received = (message: BrokerMessage, more: object = {}) => ({
  message,
  sequenceNumber: 7,
  deliveryCount: 0,
  enqueuedTimeMs: 1_000,
  enqueuedSequenceNumber: undefined,
  expiresAtMs: undefined,
  state: 0,
  deadLetterSource: undefined,
  ...more,
});

const roundTrip = (original: Original, change: (message: BrokerMessage) => BrokerMessage = (same) => same) =>
  encodeForReceiver(received(change(decodeMessage(encodeByRhea(original), still))), still);

/** Everything from the properties section on. */
function content(encoded: Buffer): Buffer {
  return encoded.subarray(scanSections(encoded).propertiesStart);
}

describe("a message for a receiver", () => {
  it("carries what Service Bus stamps on it", () => {
    const message = decodeMessage(encodeByRhea({ body: "b" }), still);
    const facts = received(message, {
      deliveryCount: 2,
      enqueuedSequenceNumber: 3,
      lockedUntilMs: 9_000,
      state: 1,
      deadLetterSource: "orders",
    });
    const seen = decodeByRhea(encodeForReceiver(facts, still));
    expect(seen.delivery_count).toBe(2);
    expect(seen.message_annotations).toEqual({
      "x-opt-sequence-number": 7,
      "x-opt-enqueued-time": new Date(1_000),
      "x-opt-locked-until": new Date(9_000),
      "x-opt-message-state": 1,
      "x-opt-enqueue-sequence-number": 3,
      "x-opt-deadletter-source": "orders",
    });
  });

  it("keeps durable, priority and own annotations, and takes no stamps from a sender", () => {
    const annotations = {
      mine: types.wrap_short(4),
      "x-opt-sequence-number": 99,
      "x-opt-partition-key": "k",
    };
    const seen = decodeByRhea(
      roundTrip({ durable: true, priority: 9, ttl: 50, message_annotations: annotations, body: "b" }),
    );
    expect(seen).toMatchObject({ durable: true, priority: 9, ttl: 50 });
    expect(seen.message_annotations).toMatchObject({
      mine: 4,
      "x-opt-sequence-number": 7,
      "x-opt-partition-key": "k",
    });
  });

  it("shows the time to live that counts", () => {
    const message = decodeMessage(encodeByRhea({ ttl: 90_000, body: "b" }), still);
    const seen = decodeByRhea(encodeForReceiver(received(message, { expiresAtMs: 61_000 }), still));
    expect(seen.ttl).toBe(60_000);
  });

  it("shows times as the client's clock has them", () => {
    const sent = {
      creation_time: new Date(10_000),
      absolute_expiry_time: new Date(20_000),
      message_annotations: { "x-opt-scheduled-enqueue-time": new Date(15_000) },
      body: "b",
    };
    const message = decodeMessage(encodeByRhea(sent), { offsetMs: 500 });
    const facts = received(message, { lockedUntilMs: 30_000, enqueuedTimeMs: 15_500 });
    const seen = decodeByRhea(encodeForReceiver(facts, { offsetMs: 2_500 }));
    expect(seen).toMatchObject({ creation_time: new Date(8_000), absolute_expiry_time: new Date(18_000) });
    expect(seen.message_annotations).toMatchObject({
      "x-opt-enqueued-time": new Date(13_000),
      "x-opt-locked-until": new Date(27_500),
      "x-opt-scheduled-enqueue-time": new Date(13_000),
    });
  });

  it("shows a message id that the broker gave, and keeps the other properties", () => {
    const original = { user_id: "me", subject: "s", group_sequence: 3, body: "b" };
    const seen = decodeByRhea(roundTrip(original, (message) => ({ ...message, messageId: "filled" })));
    expect(seen).toMatchObject({ message_id: "filled", subject: "s", group_sequence: 3 });
    expect(seen.body).toBe("b");
  });

  it("keeps the types of application properties beside one that changed", () => {
    const list: unknown = types.wrap_list(["a", 1]);
    const encoded = Buffer.concat(
      roundTrip(
        {
          application_properties: { keep: types.wrap_ushort(1), old: types.wrap_uint(4), list, gone: "x" },
          body: "b",
        },
        (message) => ({ ...message, applicationProperties: { keep: 1, old: 5, new: 6, word: "w" } }),
      ),
    );
    expect(typesIn(encoded)).toEqual({ keep: 0x60, old: 0x70, list: 0xd0, new: 0x81, word: 0xa1 });
    expect(decodeByRhea([encoded]).application_properties).toMatchObject({
      keep: 1,
      old: 5,
      new: 6,
      word: "w",
    });
  });

  it.each([
    ["ubyte", types.wrap_ubyte(1), 300, 0x81],
    ["byte", types.wrap_byte(1), -128, 0x51],
    ["short", types.wrap_short(1), 40_000, 0x81],
    ["int", types.wrap_int(1), -3, 0x71],
    ["uint", types.wrap_uint(1), -3, 0x81],
    ["long", types.wrap_long(1), 5, 0x81],
    ["ulong", types.wrap_ulong(1), 5, 0x80],
    ["float", types.wrap_float(1), 2.5, 0x72],
    ["double", types.wrap_double(1), 5, 0x82],
    ["int", types.wrap_int(1), 2.5, 0x82],
    ["symbol", types.wrap_symbol("a"), "b", 0xa3],
    ["uuid", types.wrap_uuid(Buffer.alloc(16, 1)), "00112233-4455-6677-8899-aabbccddeeff", 0x98],
    ["uuid", types.wrap_uuid(Buffer.alloc(16, 1)), "no uuid", 0xa1],
  ] as const)("writes a changed %s as that type where it fits", (_type, before: unknown, after, code) => {
    const encoded = Buffer.concat(
      roundTrip({ application_properties: { p: before }, body: "b" }, (message) => ({
        ...message,
        applicationProperties: { p: after },
      })),
    );
    expect(typesIn(encoded)).toEqual({ p: code });
    expect(decodeMessage(encoded, still).applicationProperties).toEqual({ p: after });
  });

  it("gives the last of two application properties with one name", () => {
    const entry = (value: number): number[] => [0xa1, 1, 0x61, 0x54, value];
    const twice = Buffer.from([0x00, 0x53, 0x74, 0xc1, 11, 4, ...entry(1), ...entry(2)]);
    const message = decodeMessage(Buffer.concat([twice, Buffer.from([0x00, 0x53, 0x77, 0x40])]), still);
    const changed = { ...message, applicationProperties: { ...message.applicationProperties, b: true } };
    const seen = decodeByRhea(encodeForReceiver(received(changed), still));
    expect(seen.application_properties).toEqual({ a: 2, b: true });
  });

  it("encodes a message that did not come over AMQP", () => {
    const message = {
      messageId: "m",
      contentType: "text/plain",
      partitionKey: "k",
      applicationProperties: { a: 1, b: new Date(5) },
      body: Buffer.from("text"),
    };
    const seen = decodeByRhea(encodeForReceiver(received(message), still));
    expect(seen).toMatchObject({
      message_id: "m",
      content_type: "text/plain",
      application_properties: { a: 1, b: new Date(5) },
    });
    expect(seen.message_annotations).toMatchObject({ "x-opt-partition-key": "k" });
    expect((seen.body as { content: Buffer }).content).toEqual(Buffer.from("text"));
  });

  it("leaves the header alone and adds delivery annotations where a service wants that", () => {
    const message = decodeMessage(encodeByRhea({ durable: true, ttl: 6, body: "b" }), still);
    const stamp = {
      deliveryAnnotations: (annotations: { long: (name: Buffer, value: number) => void }) =>
        annotations.long(Buffer.from([0xa3, 1, 0x6e]), 2 ** 40),
      annotations: () => undefined,
    };
    const seen = decodeByRhea(encodeMessage(message, stamp, still));
    expect(seen).toMatchObject({ durable: true, ttl: 6, delivery_annotations: { n: 2 ** 40 } });
    expect(seen.delivery_count).toBeUndefined();
  });
});

describe("what the broker did not change", () => {
  const simple = fc.oneof(
    fc.string(),
    fc.boolean(),
    fc.integer().map((value): unknown => types.wrap_int(value)),
    fc.nat().map((value): unknown => types.wrap_ulong(value)),
    fc.integer({ min: -128, max: 127 }).map((value): unknown => types.wrap_byte(value)),
    fc.double({ noNaN: true }).map((value): unknown => types.wrap_double(value)),
    fc.date({ noInvalidDate: true }),
    fc.uint8Array().map((value) => Buffer.from(value)),
    fc.constant(null),
  );
  const body = fc.oneof<fc.MaybeWeightedArbitrary<unknown>[]>(
    fc.uint8Array({ maxLength: 300 }).map((value) => dataSection(value)),
    fc.array(fc.uint8Array(), { minLength: 1, maxLength: 3 }).map(dataSections),
    fc.array(simple).map(sequenceSection),
    fc.object({ values: [fc.string(), fc.integer(), fc.boolean()] }),
  );
  const text = fc.string({ maxLength: 300 });
  const messages = fc.record(
    {
      durable: fc.boolean(),
      priority: fc.integer({ min: 0, max: 255 }),
      message_id: fc.oneof(text, fc.nat(), fc.constant(types.wrap_uuid(Buffer.alloc(16, 7)))),
      user_id: fc.uint8Array().map((value) => Buffer.from(value)),
      to: text,
      subject: text,
      correlation_id: text,
      group_id: text,
      group_sequence: fc.nat(),
      application_properties: fc.dictionary(text, simple),
      message_annotations: fc.dictionary(fc.stringMatching(/^[a-z]{1,9}$/), simple),
      footer: fc.dictionary(fc.stringMatching(/^[a-z]{1,9}$/), simple),
      body,
    },
    { requiredKeys: ["body"] },
  );

  it("goes out byte for byte", () => {
    fc.assert(
      fc.property(messages, (original) => {
        const encoded = encodeByRhea(original as unknown as Original);
        const message = decodeMessage(encoded, still);
        expect(content(Buffer.concat(encodeForReceiver(received(message), still)))).toEqual(content(encoded));
      }),
    );
  });

  it("goes out byte for byte also from a copy, and beside a change of the other section", () => {
    fc.assert(
      fc.property(messages, (original) => {
        const encoded = encodeByRhea(original as unknown as Original);
        const message = decodeMessage(encoded, still);
        const changed = {
          ...message,
          applicationProperties: { ...message.applicationProperties, "added by a rule": "yes" },
        };
        const sent = Buffer.concat(encodeForReceiver(received(changed), still));
        const before = scanSections(encoded);
        const after = scanSections(sent);
        expect(sent.subarray(after.restStart)).toEqual(encoded.subarray(before.restStart));
        expect(sent.subarray(after.propertiesStart, after.applicationPropertiesStart)).toEqual(
          encoded.subarray(before.propertiesStart, before.applicationPropertiesStart),
        );
        const again = decodeMessage(sent, still).applicationProperties;
        expect(again).toEqual({ ...message.applicationProperties, "added by a rule": "yes" });
      }),
    );
  });
});

/** The type codes of the application properties. */
function typesIn(encoded: Buffer): Record<string, number> {
  const found: Record<string, number> = {};
  const at = scanSections(encoded).applicationProperties;
  for (const { name, value } of pairsOf(encoded, at)) found[name] = encoded[value] ?? 0;
  return found;
}
