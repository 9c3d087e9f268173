import { describe, expect, it } from "vitest";
import { decodeMessage } from "../../../tools/emulator/amqp/message/decode-message.js";
import { MalformedMessage } from "../../../tools/emulator/amqp/message/malformed-message.js";
import { dataSection, dataSections, encodeByRhea, types } from "./rhea-message.js";

const clock = { offsetMs: 0 };
const decode = (message: Parameters<typeof encodeByRhea>[0], offsetMs = 0) =>
  decodeMessage(encodeByRhea(message), { offsetMs });

describe("decoding a message", () => {
  it("reads the properties that the broker knows", () => {
    const message = decode({
      message_id: "m1",
      to: "there",
      subject: "label",
      reply_to: "here",
      correlation_id: "c1",
      content_type: "application/json",
      group_id: "s1",
      reply_to_group_id: "s2",
      body: dataSection(Buffer.from("{}")),
    });
    expect(message).toMatchObject({
      messageId: "m1",
      to: "there",
      subject: "label",
      replyTo: "here",
      correlationId: "c1",
      contentType: "application/json",
      sessionId: "s1",
      replyToSessionId: "s2",
    });
    expect(Buffer.from(message.body).toString()).toBe("{}");
  });

  it.each([
    ["a number", types.wrap_ulong(42), "42"],
    ["a UUID", types.wrap_uuid(Buffer.from("00112233445566778899aabbccddeeff", "hex")), uuidText()],
    ["bytes", types.wrap_binary(Buffer.from([1, 2, 3])), "AQID"],
  ])("shows an id that is %s as text", (_what, id: unknown, text) => {
    expect(decode({ message_id: id as string, body: "" }).messageId).toBe(text);
  });

  it("reads the time to live, and beyond 49 days what the two times say", () => {
    expect(decode({ ttl: 5_000, body: "" }).timeToLiveMs).toBe(5_000);
    const long = { ttl: 0xffff_ffff, creation_time: new Date(1_000), body: "" };
    expect(decode({ ...long, absolute_expiry_time: new Date(1_000 + 1e13) }).timeToLiveMs).toBe(1e13);
  });

  it("puts the scheduled time on the emulator's clock", () => {
    const annotations = { "x-opt-scheduled-enqueue-time": new Date(50_000), "x-opt-partition-key": "k" };
    const message = decode({ message_annotations: annotations, body: "" }, 3_000);
    expect(message).toMatchObject({ scheduledEnqueueTimeMs: 53_000, partitionKey: "k" });
  });

  it("reads application properties of every simple type", () => {
    const message = decode({
      application_properties: {
        text: "t",
        yes: true,
        int: types.wrap_int(-5),
        long: types.wrap_long(Buffer.from("7fffffffffffffff", "hex")),
        float: types.wrap_float(1.5),
        when: new Date(7),
        nothing: null,
        symbol: types.wrap_symbol("sym"),
        uuid: types.wrap_uuid(Buffer.from("00112233445566778899aabbccddeeff", "hex")),
      },
      body: "",
    });
    expect(message.applicationProperties).toEqual({
      text: "t",
      yes: true,
      int: -5,
      long: 0x7fff_ffff_ffff_ffffn,
      float: 1.5,
      when: new Date(7),
      nothing: null,
      symbol: "sym",
      uuid: uuidText(),
    });
  });

  it("takes __proto__ for a name like any other", () => {
    const named = Buffer.concat([
      Buffer.from([0x00, 0x53, 0x74, 0xc1, 13, 2, 0xa1, 9]),
      text("__proto__"),
      bytes(0x41),
    ]);
    const { applicationProperties } = decodeMessage(named, clock);
    expect(Object.keys(applicationProperties ?? {})).toEqual(["__proto__"]);
    expect(Object.getPrototypeOf(applicationProperties)).toBe(Object.prototype);
  });

  it("joins the data sections of a body, and leaves values encoded", () => {
    const parts = dataSections([Buffer.from("ab"), Buffer.from("cd")]);
    expect(Buffer.from(decode({ body: parts }).body).toString()).toBe("abcd");
    expect(Buffer.from(decode({ body: "v" }).body)).toEqual(bytes(0x00, 0x53, 0x77, 0xa1, 1, 0x76));
  });

  it("does not keep a read buffer of the socket alive for a small message", () => {
    const read = Buffer.alloc(100_000);
    const encoded = encodeByRhea({ body: "small" });
    encoded.copy(read, 500);
    const message = decodeMessage(read.subarray(500, 500 + encoded.length), clock);
    expect(message.body.buffer.byteLength).toBeLessThan(10_000);
  });

  it.each([
    ["a section without descriptor", bytes(0x40)],
    ["an unknown section", bytes(0x00, 0x53, 0x79, 0x40)],
    ["sections out of order", bytes(0x00, 0x53, 0x75, 0xa0, 0, 0x00, 0x53, 0x70, 0x45)],
    ["a section twice", bytes(0x00, 0x53, 0x70, 0x45, 0x00, 0x53, 0x70, 0x45)],
    ["two kinds of body", bytes(0x00, 0x53, 0x75, 0xa0, 0, 0x00, 0x53, 0x77, 0x40)],
    ["a descriptor without value", bytes(0x00, 0x53, 0x70)],
    ["a list that says four thousand million", bytes(0x00, 0x53, 0x73, 0xd0, 0, 0, 0, 4, 255, 255, 255, 255)],
    ["a size beyond the end", bytes(0x00, 0x53, 0x75, 0xb0, 255, 255, 255, 255)],
    ["a map with half an entry", bytes(0x00, 0x53, 0x74, 0xc1, 3, 1, 0xa1, 0)],
    ["more elements than it says", bytes(0x00, 0x53, 0x73, 0xc0, 3, 1, 0x40, 0x40)],
    ["data that is no binary", bytes(0x00, 0x53, 0x75, 0x40)],
    ["a value described without end", Buffer.alloc(100)],
    ["an unknown type", bytes(0x00, 0x53, 0x77, 0x3f)],
  ])("refuses %s", (_what, encoded) => {
    expect(() => decodeMessage(encoded, clock)).toThrow(MalformedMessage);
  });
});

function uuidText(): string {
  return "00112233-4455-6677-8899-aabbccddeeff";
}

const bytes = (...values: number[]): Buffer => Buffer.from(values);
const text = (value: string): Buffer => Buffer.from(value);
