import { describe, expect, it } from "vitest";
import { command, queue } from "waybill/contracts";
import type { Delivery } from "waybill/transport";
import * as z from "zod";
import { clientOf, connectTo, receiveAll, receiving, startBus } from "./bus.js";

const charge = command("billing.charge", {
  version: 1,
  schema: z.object({ orderId: z.string() }),
  key: ({ orderId }) => orderId,
});
const billing = queue("billing", { messages: { charge }, ordered: "by-key" });
const source = { kind: "queue", channel: billing["~channel"], address: "billing" } as const;

/** An emulator with messages 0 to `count`, spread over sessions. */
async function stocked(count: number, sessions: number) {
  const emulator = await startBus({ contracts: [{ billing }] });
  const client = clientOf(emulator);
  await client.createSender("billing").sendMessages(
    Array.from({ length: count }, (_, n) => ({
      body: Buffer.from(String(n)),
      sessionId: `s${String(n % sessions)}`,
    })),
  );
  await client.close();
  return emulator;
}

/** Links by which sessions were asked for. */
const accepts = (emulator: Awaited<ReturnType<typeof startBus>>): number =>
  emulator
    .recorded({ type: "attached", address: "billing" })
    .filter((each) => "role" in each && each.role === "receiver").length;

describe("a receiver of a queue with sessions", () => {
  it("rolls over to sessions beyond its lanes when those that it holds are idle", async () => {
    const emulator = await stocked(12, 6);
    const connection = await connectTo(emulator, { sources: [source] }, { sessionIdle: "20ms" });
    const receiver = connection.receiver(source, receiving({ lanes: 2 }));
    const bodies = await receiveAll(receiver, 12);
    expect([...bodies].sort((a, b) => Number(a) - Number(b))).toEqual(
      Array.from({ length: 12 }, (_, n) => String(n)),
    );
  });

  it("asks for one session at a time: as many accepts as sessions, and one that waits", async () => {
    const emulator = await stocked(20, 20);
    const connection = await connectTo(emulator, { sources: [source] });
    const receiver = connection.receiver(source, receiving({ lanes: 40 }));
    await receiveAll(receiver, 20);
    expect(accepts(emulator)).toBeLessThanOrEqual(21);
  });

  it("keeps the order of each session", async () => {
    const emulator = await stocked(30, 3);
    const connection = await connectTo(emulator, { sources: [source] });
    const bodies = (await receiveAll(connection.receiver(source, receiving()), 30)).map(Number);
    for (const session of [0, 1, 2]) {
      const own = bodies.filter((n) => n % 3 === session);
      expect(own).toEqual([...own].sort((a, b) => a - b));
    }
  });

  it("gives its sessions up when it closes, so that another has them at once and nothing is counted", async () => {
    const emulator = await stocked(2, 1);
    const first = await connectTo(emulator, { sources: [source] });
    const receiver = first.receiver(source, receiving());
    await receiver.receive(1, new AbortController().signal);
    await receiver.close();
    const second = await connectTo(emulator, { sources: [source] });
    const got = await second.receiver(source, receiving()).receive(1, new AbortController().signal);
    expect(got.map(({ deliveryCount }: Delivery) => deliveryCount)).toEqual([1]);
  });

  it("gives back what it has when a pause ends its wait", async () => {
    const emulator = await stocked(1, 1);
    const first = await connectTo(emulator, { sources: [source] });
    const receiver = first.receiver(source, receiving());
    const [delivery] = await receiver.receive(1, new AbortController().signal);
    const pause = new AbortController();
    const waiting = receiver.receive(1, pause.signal);
    pause.abort();
    expect(await waiting).toEqual([]);
    if (delivery === undefined) throw new Error("nothing came");
    await receiver.settle([{ delivery, action: { kind: "release", history: {} } }]);
    const second = await connectTo(emulator, { sources: [source] });
    const got = await second.receiver(source, receiving()).receive(1, new AbortController().signal);
    expect(got).toHaveLength(1);
  });
});
