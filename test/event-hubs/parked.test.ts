import { EventHubProducerClient } from "@azure/event-hubs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { DeadLetterDelivery, Delivery, WaybillError } from "../../src/transport/index.js";
import {
  envelope,
  HubFixture,
  numbers,
  outgoing,
  record,
  type HubLine,
  type HubReader,
} from "./hub-fixture.js";

let hub: HubFixture;

beforeEach(async () => {
  hub = await HubFixture.start(1);
});

afterEach(async () => {
  await hub.close();
});

async function park(reader: HubReader, delivery: Delivery): Promise<WaybillError | undefined> {
  const [answer] = await reader.receiver.settle([{ delivery, action: { kind: "deadLetter", record } }]);
  return answer;
}

async function settle(
  line: HubLine,
  kind: "complete" | "release",
): Promise<readonly (WaybillError | undefined)[]> {
  const letters = line.deadLetters();
  const [seen] = await letters.peek(1);
  const [taken] = await letters.take([seen?.broker.sequenceNumber ?? ""]);
  if (taken === undefined) throw new Error("it can be taken");
  const action = kind === "complete" ? { kind } : { kind, history: {} };
  const answers = await letters.settle([{ delivery: taken, action }]);
  await letters.close();
  return answers;
}

describe("an event that is given up", () => {
  it("is parked with its bytes, its properties and the reason, and can be looked at, taken and removed", async () => {
    const line = await hub.connect();
    const body = Buffer.from([0, 255, 34, 10]);
    const sent = envelope(1, {
      body,
      key: "k",
      headers: { shop: "north", count: 3 },
      correlationId: "c",
      replyTo: "answers",
    });
    await line.sender().send(outgoing(sent));
    const reader = line.reader();
    const [delivery] = await reader.take(1);
    if (delivery === undefined) throw new Error("it comes");
    expect(await park(reader, delivery)).toBeUndefined();

    const [letter] = await line.deadLetters().peek(10);
    expect(letter?.envelope).toEqual(delivery.envelope);
    expect(Buffer.from(letter?.envelope.body ?? [])).toEqual(body);
    expect(letter).toMatchObject({ record, broker: { partition: "0", offset: delivery.broker.offset } });
    expect(await settle(line, "release")).toEqual([undefined]);
    expect(await settle(line, "complete")).toEqual([undefined]);
    expect(await line.deadLetters().peek(10)).toEqual([]);
  });

  it("is not done when the park store fails, so that no checkpoint passes it", async () => {
    const broken = {
      ...hub.park,
      put: () => Promise.reject(new Error("the account is gone; AccountKey=c2VjcmV0")),
    };
    const line = await hub.connect({ park: broken });
    await line.sender().send(outgoing(envelope(1)));
    const reader = line.reader();
    const [delivery] = await reader.take(1);
    if (delivery === undefined) throw new Error("it comes");
    expect(await park(reader, delivery)).toMatchObject({ code: "storeFailed" });
    expect(await reader.complete(delivery)).toEqual([undefined]);
  });

  it("is parked once, however often it is read and given up again", async () => {
    const line = await hub.connect();
    await line.sender().send(outgoing(envelope(1)));
    for (let run = 0; run < 2; run += 1) {
      const reader = line.reader();
      const [delivery] = await reader.take(1);
      if (delivery !== undefined) expect(await park(reader, delivery)).toBeUndefined();
      await reader.receiver.close();
    }
    expect(await line.deadLetters().peek(10)).toHaveLength(1);
  });

  it("cannot be put back or deferred instead", async () => {
    const line = await hub.connect();
    await line.sender().send(outgoing(envelope(1)));
    const reader = line.reader();
    const [delivery] = await reader.take(1);
    if (delivery === undefined) throw new Error("it comes");
    const kinds = [
      { kind: "defer" },
      { kind: "release", history: {} },
      { kind: "abandon", history: {} },
    ] as const;
    const answers = await reader.receiver.settle(kinds.map((action) => ({ delivery, action })));
    expect(answers.map((error) => error?.code)).toEqual(["unsupported", "unsupported", "unsupported"]);
    expect(await reader.complete(delivery)).toEqual([undefined]);
  });
});

describe("an event that cannot be read in full", () => {
  it("comes with a defect, is parked as it was sent, and the events around it are read", async () => {
    const producer = new EventHubProducerClient(hub.emulator.connectionString(), "sales");
    const properties = Object.fromEntries(
      Array.from({ length: 80 }, (_, at) => [`header${String(at)}`, at] as const),
    );
    const line = await hub.connect();
    await line.sender().send(outgoing(envelope(1)));
    await producer.sendBatch([{ body: { n: 2 }, properties, messageId: "foreign" }]);
    await line.sender().send(outgoing(envelope(3)));
    await producer.close();
    const reader = line.reader();
    const got = await reader.take(3);
    expect(numbers(got)).toEqual([1, 2, 3]);
    expect(got.map(({ defect }) => defect?.code)).toEqual([undefined, "undecodable", undefined]);
    const [, bad] = got;
    if (bad !== undefined) expect(await park(reader, bad)).toBeUndefined();
    const letters: readonly DeadLetterDelivery[] = await line.deadLetters().peek(10);
    expect(letters.map(({ envelope: { id }, defect }) => [id, defect?.code])).toEqual([
      ["foreign", "undecodable"],
    ]);
    expect(
      Object.keys((letters[0]?.native as { applicationProperties: object }).applicationProperties),
    ).toHaveLength(80);
  });

  it.each([
    ["a value", "text", "text"],
    ["a map", { a: 1 }, '{"a":1}'],
    ["a sequence", [1, "two"], '[1,"two"]'],
  ])("is none for a body that is %s, which a handler gets as bytes", async (_, body, text) => {
    const producer = new EventHubProducerClient(hub.emulator.connectionString(), "sales");
    const bodyType = Array.isArray(body) ? "sequence" : "value";
    await producer.sendBatch([{ body, bodyType }]);
    await producer.close();
    const line = await hub.connect();
    const [delivery] = await line.reader().take(1);
    expect(Buffer.from(delivery?.envelope.body ?? []).toString()).toBe(text);
    expect(delivery?.defect).toBeUndefined();
    expect(delivery?.envelope.id).toBe("sales/0/0");
  });
});
