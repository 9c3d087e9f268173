import { once } from "node:events";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Delivery } from "../../src/transport/index.js";
import { connectRhea, openSender } from "../emulator/engine/rhea-client.js";
import { envelope, HubFixture, numbers, outgoing, record, type HubReader } from "./hub-fixture.js";

let hub: HubFixture;

beforeEach(async () => {
  hub = await HubFixture.start(2);
});

afterEach(async () => {
  await hub.close();
});

/** A valid AMQP message: lists within lists, at which the SDK's decoder runs out of stack. */
function poison(): Buffer {
  let value = Buffer.from([0x45]);
  for (let depth = 0; depth < 15_000; depth += 1) {
    const head = Buffer.alloc(9);
    head[0] = 0xd0;
    head.writeUInt32BE(value.length + 4, 1);
    head.writeUInt32BE(1, 5);
    value = Buffer.concat([head, value]);
  }
  return Buffer.concat([Buffer.from([0x00, 0x53, 0x77]), value]);
}

async function sendPoison(): Promise<void> {
  const connection = await connectRhea(hub.emulator.port);
  const sender = await openSender(connection, "sales/Partitions/0");
  const accepted = once(sender, "accepted");
  sender.send(poison(), undefined, 0);
  await accepted;
  connection.close();
}

/** Takes until there are so many, whatever is told meanwhile; or until the test is over. */
async function takeThrough(
  reader: HubReader,
  count: number,
  told: string[],
  over: AbortSignal,
): Promise<readonly Delivery[]> {
  const taken: Delivery[] = [];
  while (taken.length < count && !over.aborted) {
    try {
      const got = await reader.next();
      taken.push(...got);
      await reader.complete(...got.filter(({ defect }) => defect === undefined));
    } catch (error) {
      told.push((error as Error).message);
    }
  }
  return taken;
}

describe("an event at which the SDK loses its connection", () => {
  it("is passed as undecodable, and the events behind it and those of other partitions are read", async ({
    signal,
  }) => {
    const line = await hub.connect({ silence: "100ms" });
    const first = line.senderTo("sales/Partitions/0");
    await first.send(outgoing(envelope(1)));
    await sendPoison();
    await first.send(outgoing(envelope(3)));
    await line.senderTo("sales/Partitions/1").send(outgoing(envelope(4)));
    const reader = line.reader();
    const told: string[] = [];
    const got = await takeThrough(reader, 4, told, signal);
    const own = got.filter(({ lane }) => lane === "0");
    expect(own.map(({ broker, defect }) => [broker.sequenceNumber, defect?.code])).toEqual([
      ["0", undefined],
      ["1", "undecodable"],
      ["2", undefined],
    ]);
    expect(numbers(got.filter(({ defect }) => defect === undefined)).toSorted()).toEqual([1, 3, 4]);
    expect(told.join()).toMatch(/sequence number 1 at which the service's client loses its connection/);

    const bad = own[1];
    if (bad === undefined) throw new Error("it is among them");
    const [answer] = await reader.receiver.settle([
      { delivery: bad, action: { kind: "deadLetter", record: { ...record, reason: "Undecodable" } } },
    ]);
    expect(answer).toBeUndefined();
    expect(await line.deadLetters().peek(10)).toMatchObject([{ record: { reason: "Undecodable" } }]);
  });

  it("is told and not passed while nothing behind it can be read", async ({ signal }) => {
    const line = await hub.connect({ silence: "100ms" });
    const first = line.senderTo("sales/Partitions/0");
    await first.send(outgoing(envelope(1)));
    await sendPoison();
    const reader = line.reader();
    const told: string[] = [];
    const got = [...(await takeThrough(reader, 1, told, signal))];
    const isStuck = () => told.some((text) => /does not get on: .* sequence number 1,/.test(text));
    const looks: unknown[] = [];
    while (!isStuck() && !signal.aborted) {
      try {
        await Promise.resolve(reader.receiver.backlog?.()).catch((error: unknown) => looks.push(error));
        got.push(...(await reader.next()));
      } catch (error) {
        told.push((error as Error).message);
      }
    }
    expect(numbers(got)).toEqual([1]);
    // Meanwhile nobody is to make the reader anew.
    expect(looks).toContainEqual(expect.objectContaining({ code: "unsupported" }));
    await reader.receiver.close();
  });
});
