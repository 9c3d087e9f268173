import { describe, expect, it } from "vitest";
import { eventGrid } from "../../adapters/event-grid/index.js";
import { memoryPark } from "../../adapters/memory/index.js";
import { virtualRuntime } from "../../src/runtime/virtual-runtime.js";
import type { DeadLetterRecord, Receiver } from "../../src/transport/index.js";
import { manage } from "../emulator/http/management-client.js";
import { accessKey, channel, connected, envelope, options, source, startGrid } from "./grid.js";

const never = new AbortController().signal;

const record: DeadLetterRecord = {
  reason: "Permanent",
  description: "it cannot be done",
  attempts: 1,
  deliveryCount: 1,
  consumer: "audit",
  from: "orders/audit",
  at: "2026-01-01T00:00:00.000Z",
};

async function publishRaw(origin: string, event: string): Promise<void> {
  const response = await fetch(`${origin}/topics/orders:publish`, {
    method: "POST",
    headers: {
      "content-type": "application/cloudevents+json",
      authorization: `SharedAccessKey ${accessKey}`,
    },
    body: event,
  });
  expect(response.status).toBe(200);
}

async function one(receiver: Receiver) {
  const [delivery] = await receiver.receive(1, never);
  if (delivery === undefined) throw new Error("nothing came");
  return delivery;
}

describe("pulling from a queue subscription", () => {
  it("makes a defect of what is no event of ours, and goes on with the next", async () => {
    const { transport, stage } = await startGrid();
    const receiver = (await connected(transport)).receiver(source(), options);
    await publishRaw(
      stage.origin,
      '{"specversion":"1.0","id":"a","source":"s","type":"t","data_base64":"?!"}',
    );
    await publishRaw(stage.origin, '{"specversion":"1.0","id":"b","source":"s","type":"t","wbheaders":"[]"}');
    await publishRaw(stage.origin, '{"specversion":"1.0","id":"c","source":"s","type":"t","data":0}');
    const came = [await one(receiver), await one(receiver), await one(receiver)];
    expect(came.map(({ envelope: { id }, defect }) => [id, defect?.code])).toEqual([
      ["a", "undecodable"],
      ["b", "undecodable"],
      ["c", undefined],
    ]);
    expect(Buffer.from(came[2]?.envelope.body ?? []).toString()).toBe("0");
    expect(await receiver.settle([{ delivery: came[0]!, action: { kind: "deadLetter", record } }])).toEqual([
      undefined,
    ]);
  });

  it.each([
    { asked: 0, waits: 0 },
    { asked: 1, waits: 10 },
    { asked: 10_001, waits: 60 },
    { asked: 60_001, waits: 600 },
    { asked: 600_001, waits: 3_600 },
    { asked: 9_999_999, waits: 3_600 },
  ])("releases for $waits s when a retry is due in $asked ms", async ({ asked, waits }) => {
    const { transport, stage } = await startGrid();
    const connection = await connected(transport);
    await connection.sender({ channel, address: "orders" }).send([{ envelope: envelope(1) }]);
    const receiver = connection.receiver(source(), options);
    const delivery = await one(receiver);
    const action = { kind: "release", history: {}, delayMs: asked } as const;
    expect(await receiver.settle([{ delivery, action }])).toEqual([undefined]);
    const { body } = await manage(stage, "GET", "topics/orders/eventsubscriptions/audit");
    const delayed = waits === 0 ? 0 : 1;
    expect(body).toMatchObject({ emulator: { events: { ready: 1 - delayed, delayed } } });
    stage.clock.advance(waits * 1_000);
    expect((await one(receiver)).deliveryCount).toBe(2);
  });

  it("settles many in one request, and tells the tokens apart that are lost", async () => {
    const { transport, stage } = await startGrid({ lock: "1h" });
    const connection = await connected(transport);
    const sender = connection.sender({ channel, address: "orders" });
    await sender.send([1, 2, 3].map((n) => ({ envelope: envelope(n) })));
    const receiver = connection.receiver(source(), options);
    const early = await one(receiver);
    stage.clock.advance(61_000);
    const late = [await one(receiver), await one(receiver)];
    const answers = await receiver.settle(
      [early, ...late].map((delivery) => ({ delivery, action: { kind: "complete" } as const })),
    );
    expect(answers.map((answer) => answer?.code)).toEqual(["lockLost", undefined, undefined]);
    const again = await one(receiver);
    expect([again.envelope.id, again.deliveryCount]).toEqual(["e1", 2]);
  });

  it("parks what is given up before the service forgets it, and not twice", async () => {
    const { transport, park } = await startGrid();
    const connection = await connected(transport);
    await connection.sender({ channel, address: "orders" }).send([{ envelope: envelope(1) }]);
    const receiver = connection.receiver(source(), options);
    const delivery = await one(receiver);
    const put = park.put.bind(park);
    park.put = () => {
      throw new Error("the store is down");
    };
    const letter = { delivery, action: { kind: "deadLetter", record } } as const;
    expect((await receiver.settle([letter]))[0]).toMatchObject({
      code: "storeFailed",
      class: "dependencyDown",
    });
    park.put = put;
    expect(await receiver.settle([letter])).toEqual([undefined]);
    expect((await receiver.settle([letter]))[0]).toMatchObject({ code: "lockLost" });
    const letters = connection.deadLetters(source());
    const [seen] = await letters.peek(10);
    expect([seen?.envelope.id, seen?.record]).toMatchObject(["e1", record]);
    const [taken] = await letters.take([seen?.broker.sequenceNumber ?? ""]);
    if (taken === undefined) throw new Error("it was not taken");
    expect(await letters.settle([{ delivery: taken, action: { kind: "complete" } }])).toEqual([undefined]);
    expect(await letters.peek(10)).toEqual([]);
  });

  it("leaves dead letters to the service when it is told to, and says where they are", async () => {
    const { transport, stage } = await startGrid({ deadLetters: "event-grid" });
    const path = "topics/orders/eventsubscriptions/audit";
    const deadLetterDestinationWithResourceIdentity = {
      deadLetterDestination: { endpointType: "StorageBlob" },
    };
    await manage(stage, "PUT", path, {
      properties: {
        deliveryConfiguration: {
          deliveryMode: "Queue",
          queue: { deadLetterDestinationWithResourceIdentity },
        },
      },
    });
    const connection = await connected(transport);
    await connection.sender({ channel, address: "orders" }).send([{ envelope: envelope(1) }]);
    const receiver = connection.receiver(source(), options);
    const delivery = await one(receiver);
    expect(await receiver.settle([{ delivery, action: { kind: "deadLetter", record } }])).toEqual([
      undefined,
    ]);
    const { body } = await manage(stage, "GET", `${path}/deadletters`);
    expect(body).toMatchObject({ value: [{ event: { id: "e1" } }] });
    expect(() => connection.deadLetters(source())).toThrow(/storage account/);
  });

  it("puts back what comes when nobody waits any more", async () => {
    const { transport } = await startGrid();
    const connection = await connected(transport);
    const receiver = connection.receiver(source(), options);
    const stop = new AbortController();
    const waiting = receiver.receive(1, stop.signal);
    stop.abort();
    expect(await waiting).toEqual([]);
    await connection.sender({ channel, address: "orders" }).send([{ envelope: envelope(1) }]);
    expect((await one(receiver)).envelope.id).toBe("e1");
  });

  it("is closed within five seconds though its client ignores that it was cut off, and what that still brings is put back", async () => {
    const runtime = virtualRuntime();
    const startedMs = runtime.now();
    const client = deafClient();
    const transport = eventGrid({ receiver: () => client as never, deadLetters: memoryPark() });
    const connecting = transport.connect({ service: "audit", runtime, destinations: [], sources: [] });
    const receiver = (await connecting).receiver(source(), options);
    const waiting = receiver.receive(1, never);
    let closedMs: number | undefined;
    const closing = Promise.resolve(receiver.close()).then(() => (closedMs = runtime.now() - startedMs));
    await runtime.drive({ ended: () => closedMs !== undefined });
    await closing;
    expect([await waiting, closedMs]).toEqual([[], 5_000]);
    client.answer();
    await expect.poll(() => client.released).toEqual([["token"]]);
  });
});

/** A client that does not end its receive when it is told to. */
function deafClient() {
  const released: string[][] = [];
  let answer = (): void => undefined;
  return {
    released,
    answer: () => {
      answer();
    },
    receiveEvents: ({ onResponse }: { onResponse: (response: object) => void }) =>
      new Promise<void>((resolve) => {
        answer = () => {
          const event = { specversion: "1.0", id: "a", source: "s", type: "t" };
          const value = [{ brokerProperties: { lockToken: "token", deliveryCount: 1 }, event }];
          onResponse({ status: 200, bodyAsText: JSON.stringify({ value }) });
          resolve();
        };
      }),
    releaseEvents: (tokens: string[]) => {
      released.push(tokens);
      return Promise.resolve({ failedLockTokens: [] });
    },
  };
}
