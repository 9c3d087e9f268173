import type { ReceivedEventData } from "@azure/event-hubs";
import { describe, expect, it } from "vitest";
import { EventDelivery } from "../../adapters/event-hubs/event-delivery.js";
import { Tenure } from "../../adapters/event-hubs/tenure.js";

/** Lists within lists, as the SDK decodes them from a value of AMQP. */
function nested(depth: number): unknown {
  let value: unknown = null;
  for (let level = 0; level < depth; level += 1) value = [value];
  return value;
}

const eventWith = (body: unknown): ReceivedEventData => ({
  body,
  offset: "0",
  sequenceNumber: 7,
  enqueuedTimeUtc: new Date(0),
  partitionKey: null,
  getRawAmqpMessage: () => ({ body }),
});

const deliveryOf = (body: unknown): EventDelivery =>
  new EventDelivery(eventWith(body), new Tenure("0"), "sales");

describe("an event whose body is a value", () => {
  it("is read as JSON", () => {
    const { envelope, defect } = deliveryOf(nested(3));
    expect([Buffer.from(envelope.body).toString(), defect]).toEqual(["[[[null]]]", undefined]);
  });

  it("is undecodable when it is nested too deep to be written down, and does not stop its partition", () => {
    const { envelope, defect } = deliveryOf(nested(100_000));
    expect([envelope.body.byteLength, defect?.code]).toEqual([0, "undecodable"]);
  });
});
