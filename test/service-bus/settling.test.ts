import { describe, expect, it } from "vitest";
import { command, queue } from "waybill/contracts";
import type { DeadLetterRecord, Delivery, SettleAction } from "waybill/transport";
import * as z from "zod";
import { clientOf, connectTo, receiving, startBus } from "./bus.js";

const charge = command("billing.charge", {
  version: 1,
  schema: z.object({ orderId: z.string() }),
  key: ({ orderId }) => orderId,
});
const plain = queue("plain", { messages: { charge } });
const ordered = queue("ordered", { messages: { charge }, ordered: "by-key" });

const record = (description: string): DeadLetterRecord => ({
  reason: "Manual",
  description,
  attempts: 1,
  deliveryCount: 1,
  consumer: "shop",
  from: "shop",
  at: "2026-01-01T00:00:00Z",
});

const actions: readonly SettleAction[] = [
  { kind: "complete" },
  { kind: "deadLetter", record: record("second") },
  { kind: "complete" },
  { kind: "abandon", history: { attempts: 1 } },
  { kind: "deadLetter", record: record("fifth") },
  { kind: "deadLetter", record: record("sixth") },
  { kind: "complete" },
  { kind: "defer" },
];

describe("settling different outcomes at once", () => {
  it.each([
    { what: "a queue", of: plain },
    { what: "a queue with sessions", of: ordered },
  ])("gives each message of $what its own", async ({ of }) => {
    const emulator = await startBus({ contracts: [{ plain, ordered }] });
    const channel = of["~channel"];
    const source = { kind: "queue", channel, address: channel.name } as const;
    const client = clientOf(emulator);
    await client
      .createSender(channel.name)
      .sendMessages(
        actions.map((_, n) => ({ messageId: String(n), body: Buffer.from("{}"), sessionId: "s" })),
      );
    await client.close();
    const connection = await connectTo(emulator, { sources: [source] });
    const receiver = connection.receiver(source, receiving({ perLane: actions.length }));
    const deliveries: Delivery[] = [];
    while (deliveries.length < actions.length)
      deliveries.push(...(await receiver.receive(actions.length, new AbortController().signal)));
    const answers = await receiver.settle(
      deliveries.map((delivery, n) => ({ delivery, action: actions[n] ?? { kind: "complete" } })),
    );
    expect(answers).toEqual(actions.map(() => undefined));
    const { active, deadLetter } = emulator.namespace().broker.getQueue(channel.name).counts;
    // The abandoned one is there still; the deferred one counts apart.
    expect([active, deadLetter]).toEqual([1, 3]);
    const letters = await connection.deadLetters(source).peek(10);
    expect(letters.map((letter) => letter.record.description)).toEqual(["second", "fifth", "sixth"]);
  });
});

describe("a deferred message that is put back", () => {
  it("is abandoned and counts, as its deferral did: the service has no other way", async () => {
    const emulator = await startBus({ contracts: [{ plain }] });
    const source = { kind: "queue", channel: plain["~channel"], address: "plain" } as const;
    const client = clientOf(emulator);
    await client.createSender("plain").sendMessages({ messageId: "1", body: Buffer.from("{}") });
    await client.close();
    const connection = await connectTo(emulator, { sources: [source] });
    const receiver = connection.receiver(source, receiving());
    const [delivery] = await receiver.receive(1, new AbortController().signal);
    if (delivery === undefined) throw new Error("nothing came");
    const numbers = [delivery.broker.sequenceNumber ?? ""];
    await receiver.settle([{ delivery, action: { kind: "defer" } }]);
    const counts = [delivery.deliveryCount];
    for (let look = 0; look < 2; look += 1) {
      const [deferred] = (await receiver.receiveDeferred?.(numbers)) ?? [];
      if (deferred === undefined) throw new Error("it is not there");
      counts.push(deferred.deliveryCount);
      await receiver.settle([{ delivery: deferred, action: { kind: "release", history: {} } }]);
    }
    expect(counts).toEqual([1, 2, 3]);
  });
});
