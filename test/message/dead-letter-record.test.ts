import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fromAmqp } from "../../src/message/amqp-binding.js";
import {
  deadLetterReasons,
  fromDeadLetterProperties,
  maxDeadLetterBytes,
  toDeadLetterProperties,
} from "../../src/message/dead-letter-record.js";
import type { DeadLetterReason, DeadLetterRecord } from "../../src/message/envelope.js";

const record = (parts: Partial<DeadLetterRecord> = {}): DeadLetterRecord => ({
  reason: "Permanent",
  description: "no such card",
  attempts: 1,
  deliveryCount: 2,
  consumer: "billing",
  from: "queue billing",
  at: "2026-01-02T03:04:05.678Z",
  ...parts,
});
const reasons = [...deadLetterReasons] as DeadLetterReason[];
const sizeOf = (properties: Readonly<Record<string, string | number>>): number =>
  Object.entries(properties).reduce((sum, [name, value]) => sum + Buffer.byteLength(name + String(value)), 0);

describe("a dead-letter record", () => {
  it("comes back from the properties of the message", () => {
    const word = fc.stringMatching(/^[a-zü👍]{1,20}$/u);
    const records = fc.record(
      {
        reason: fc.constantFrom(...reasons),
        description: word,
        attempts: fc.nat(),
        deliveryCount: fc.nat(),
        consumer: word,
        from: word,
        at: word,
        errorName: word,
        errorCode: word,
        errorStack: word,
        firstFailedAt: word,
      },
      { requiredKeys: ["reason", "description", "attempts", "deliveryCount", "consumer", "from", "at"] },
    );
    fc.assert(
      fc.property(records, (sent) => {
        const properties = toDeadLetterProperties(sent);
        expect(fromDeadLetterProperties(properties, { deadLetterReason: sent.reason })).toEqual(sent);
        expect(fromDeadLetterProperties(properties)).toEqual(sent);
      }),
    );
  });

  it("fits 8 KiB whatever is in it", () => {
    const long = fc.oneof(
      fc.string({ unit: "binary", maxLength: 3000 }),
      fc.constantFrom("👍".repeat(9000), "x".repeat(40_000), "ü".repeat(9000)),
    );
    fc.assert(
      fc.property(long, long, long, (a, b, c) => {
        const sent = record({
          description: a,
          errorName: b,
          errorCode: c,
          errorStack: a + b,
          consumer: c,
          from: b,
          at: a,
          firstFailedAt: c,
        });
        expect(sizeOf(toDeadLetterProperties(sent))).toBeLessThanOrEqual(maxDeadLetterBytes);
      }),
    );
  });

  it("loses the end of its stack first, and says so", () => {
    const properties = toDeadLetterProperties(
      record({ description: "d".repeat(2000), errorStack: "ü".repeat(9000) }),
    );
    expect(properties["wbdldescription"]).toBe("d".repeat(2000));
    expect(properties["wbdlstack"]).toMatch(/^ü+…\[cut\]$/);
    expect(sizeOf(properties)).toBeGreaterThan(maxDeadLetterBytes - 4);
  });

  it("has no secret and no control character in it", () => {
    const text = "failed\n\u001b[31mAccountKey=abc123;";
    const properties = toDeadLetterProperties(record({ description: text, errorStack: text }));
    expect(properties["wbdldescription"]).toBe("failed AccountKey=[redacted];");
    expect(properties["wbdlstack"]).toBe("failed AccountKey=[redacted];");
  });

  it("uses names that no header can have", () => {
    const all = record({ errorName: "a", errorCode: "b", errorStack: "c", firstFailedAt: "d" });
    const properties = { ...toDeadLetterProperties(all), DeadLetterReason: "Permanent" };
    const read = fromAmqp(
      { messageId: "m", body: Buffer.from(""), applicationProperties: properties },
      "fallback",
    );
    expect(read).toMatchObject({ headers: {}, extensions: {} });
    for (const name of Object.keys(toDeadLetterProperties(all))) expect(name).toMatch(/^[a-z0-9]{1,20}$/);
  });
});

describe("a message that the broker dead-lettered", () => {
  it.each([
    ["MaxDeliveryCountExceeded", "BrokerMaxDelivery"],
    ["MaxDeliveryAttemptsExceeded", "BrokerMaxDelivery"],
    ["Maximum delivery attempts was exceeded.", "BrokerMaxDelivery"],
    ["TTLExpiredException", "BrokerExpired"],
    ["TimeToLiveExceeded", "BrokerExpired"],
    ["HeaderSizeExceeded", "TooLarge"],
    ["Permanent", "Permanent"],
  ])("for %s says %s", (deadLetterReason, reason) => {
    const read = fromDeadLetterProperties({}, { deadLetterReason, deadLetterErrorDescription: "why" });
    expect(read).toMatchObject({ reason, description: "why" });
  });

  it.each([
    [{ deadLetterReason: "OutOfStock", deadLetterErrorDescription: "none left" }, "OutOfStock: none left"],
    [{ deadLetterReason: "constructor" }, "constructor"],
    [{ deadLetterErrorDescription: "none left" }, "none left"],
    [{}, ""],
  ])("for %j, a reason of somebody else, is Manual and keeps the text", (native, description) => {
    expect(fromDeadLetterProperties({}, native)).toMatchObject({ reason: "Manual", description });
  });

  it("is not explained by the record of an earlier death", () => {
    const stale = { ...toDeadLetterProperties(record({ attempts: 9 })), cloudEvents_wbattempt: 2 };
    const native = { deadLetterReason: "MaxDeliveryCountExceeded", deadLetterErrorDescription: "after 10" };
    expect(fromDeadLetterProperties(stale, native)).toMatchObject({
      reason: "BrokerMaxDelivery",
      description: "after 10",
      attempts: 2,
      consumer: "",
    });
  });

  it("with texts that are none of ours is read bounded, without controls and without secrets", () => {
    const read = fromDeadLetterProperties({
      wbdlreason: "Manual",
      wbdldescription: `\u001b[31m${"x".repeat(9000)}`,
      wbdlconsumer: "billing\u0000\r\n",
      wbdlerror: "AccountKey=c2VjcmV0;",
    });
    expect(read.description).toMatch(/^x+…\[cut\]$/);
    expect(Buffer.byteLength(read.description)).toBeLessThanOrEqual(2048);
    expect(read.consumer).toBe("billing ");
    expect(read.errorName).toBe("AccountKey=[redacted];");
  });

  it("with properties of the wrong types is read all the same", () => {
    const read = fromDeadLetterProperties({
      wbdlreason: "Manual",
      wbdlattempts: "many",
      wbdlat: new Date(0),
      wbdlstack: {},
    });
    expect(read).toEqual({
      reason: "Manual",
      description: "",
      attempts: 0,
      deliveryCount: 0,
      consumer: "",
      from: "",
      at: "1970-01-01T00:00:00.000Z",
    });
  });
});
