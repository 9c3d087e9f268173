import type { ServiceBusReceivedMessage } from "@azure/service-bus";
import { describe, expect, it } from "vitest";
import { readMessage } from "../../adapters/service-bus/message-delivery.js";

/** Lists within lists, as the SDK decodes them from a value of AMQP. */
function nested(depth: number): unknown {
  let value: unknown = null;
  for (let level = 0; level < depth; level += 1) value = [value];
  return value;
}

const messageWith = (body: unknown): ServiceBusReceivedMessage =>
  ({ body, messageId: "m", _rawAmqpMessage: { body, bodyType: "value" } }) as ServiceBusReceivedMessage;

describe("a message whose body is a value", () => {
  it("is read as JSON", () => {
    const { envelope, defect } = readMessage(messageWith(nested(3)));
    expect([Buffer.from(envelope.body).toString(), defect]).toEqual(["[[[null]]]", undefined]);
  });

  it("is undecodable when it is nested too deep to be written down", () => {
    const { envelope, defect } = readMessage(messageWith(nested(100_000)));
    expect([envelope.body.byteLength, defect?.code]).toEqual([0, "undecodable"]);
  });
});
