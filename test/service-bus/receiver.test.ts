import { describe, expect, it, vi } from "vitest";
import { command, queue } from "waybill/contracts";
import type { Delivery, Receiver } from "waybill/transport";
import type { Emulator } from "waybill-tools/emulator";
import * as z from "zod";
import { clientOf, connectTo, receiveAll, receiving, startBus } from "./bus.js";

const charge = command("billing.charge", { version: 1, schema: z.object({ orderId: z.string() }) });
const billing = queue("billing", { messages: { charge } });
const source = { kind: "queue", channel: billing["~channel"], address: "billing" } as const;

async function send(emulator: Emulator, count: number): Promise<void> {
  const client = clientOf(emulator);
  await client
    .createSender("billing")
    .sendMessages(
      Array.from({ length: count }, (_, n) => ({ body: Buffer.from(String(n)), sessionId: "key" })),
    );
  await client.close();
}

async function receiverOf(emulator: Emulator): Promise<Receiver> {
  const connection = await connectTo(emulator, { sources: [source] });
  return connection.receiver(source, receiving());
}

const forever = new AbortController().signal;

const delivered = (emulator: Emulator): number =>
  emulator.recorded({ type: "delivered", address: "billing" }).length;

/** Links of receivers. */
const attached = (emulator: Emulator): number =>
  emulator
    .recorded({ type: "attached", address: "billing" })
    .filter((each) => "role" in each && each.role === "receiver").length;

const counts = (deliveries: readonly Delivery[]): readonly number[] =>
  deliveries.map(({ deliveryCount }) => deliveryCount);

const complete = (receiver: Receiver, deliveries: readonly Delivery[]) =>
  receiver.settle(deliveries.map((delivery) => ({ delivery, action: { kind: "complete" } })));

describe("a receiver of a queue", () => {
  it("takes no more from the service than it is asked for, also when something is settled", async () => {
    const emulator = await startBus({ contracts: [{ billing }] });
    await send(emulator, 10);
    const receiver = await receiverOf(emulator);
    const first = await receiver.receive(1, forever);
    await complete(receiver, first);
    expect(delivered(emulator)).toBe(1);
    const second = await receiver.receive(1, forever);
    await complete(receiver, second);
    expect(delivered(emulator)).toBe(2);
  });

  it("takes as much more as its waiting receive is raised by, and no more, over the same link", async () => {
    const emulator = await startBus({ contracts: [{ billing }] });
    const receiver = await receiverOf(emulator);
    const first = Promise.resolve(receiver.receive(4, forever));
    await send(emulator, 4);
    const open = [...(await first)];
    while (open.length < 4) open.push(...(await receiver.receive(4 - open.length, forever)));
    await complete(receiver, open);
    const links = attached(emulator);
    const waiting = Promise.resolve(receiver.receive(1, forever));
    receiver.raise?.(3);
    await send(emulator, 6);
    const raised = [...(await waiting)];
    await vi.waitFor(() => expect(delivered(emulator)).toBe(7));
    while (raised.length < 3) raised.push(...(await receiver.receive(3 - raised.length, forever)));
    await complete(receiver, raised);
    expect([delivered(emulator), attached(emulator)]).toEqual([7, links]);
  });

  it("can be asked for more than before, while what came before is not settled", async () => {
    const emulator = await startBus({ contracts: [{ billing }] });
    await send(emulator, 40);
    const receiver = await receiverOf(emulator);
    const first = await receiver.receive(1, forever);
    const rest = await receiveAll(receiver, 39);
    expect(await complete(receiver, first)).toEqual([undefined]);
    expect(new Set([...rest, "0"]).size).toBe(40);
    expect(emulator.namespace().broker.getQueue("billing").counts.active).toBe(0);
  });

  it("has no more than 1,500 unsettled over one link, where the SDK would stop, and takes more over another", async () => {
    const emulator = await startBus({ contracts: [{ billing }] });
    await send(emulator, 1_600);
    const receiver = await receiverOf(emulator);
    const held: Delivery[] = [];
    const links: number[] = [];
    while (held.length < 1_600) {
      const got = await receiver.receive(1_000, forever);
      held.push(...got);
      if (held.length <= 1_500) links.push(attached(emulator));
    }
    expect([new Set(links), attached(emulator)]).toEqual([new Set([1]), 2]);
    expect(new Set(held.map(({ broker }) => broker.sequenceNumber)).size).toBe(1_600);
  });

  it("puts back uncounted what comes when nobody asks any more", async () => {
    const emulator = await startBus({ contracts: [{ billing }] });
    const receiver = await receiverOf(emulator);
    const waiting = receiver.receive(5, forever);
    await send(emulator, 1);
    await complete(receiver, await waiting);
    // Four of the five are still on their way.
    await send(emulator, 4);
    const other = await receiverOf(emulator);
    const taken: Delivery[] = [];
    while (taken.length < 4) taken.push(...(await other.receive(4, forever)));
    expect(counts(taken)).toEqual([1, 1, 1, 1]);
  });

  it("puts back uncounted what a pause crosses, and goes on after it", async () => {
    const emulator = await startBus({ contracts: [{ billing }] });
    const receiver = await receiverOf(emulator);
    const pause = new AbortController();
    const waiting = receiver.receive(5, pause.signal);
    pause.abort();
    expect(await waiting).toEqual([]);
    await send(emulator, 3);
    const other = await receiverOf(emulator);
    const [taken] = await other.receive(1, forever);
    expect(taken?.deliveryCount).toBe(1);
    expect(await receiveAll(receiver, 2)).toHaveLength(2);
  });

  it("tells who waits that its link broke, and the next wait has a new one", async () => {
    const emulator = await startBus({ contracts: [{ billing }] });
    const receiver = await receiverOf(emulator);
    const waiting = Promise.resolve(receiver.receive(1, forever));
    await vi.waitUntil(() => attached(emulator) > 0);
    const refused = expect(waiting).rejects.toMatchObject({ class: "transient" });
    emulator.faults.detach(
      { address: "billing", role: "receiver" },
      { condition: "amqp:link:detach-forced" },
    );
    await refused;
    await send(emulator, 1);
    expect(await receiveAll(receiver, 1)).toEqual(["0"]);
  });

  it("tells that its queue is not there", async () => {
    const emulator = await startBus();
    const receiver = await receiverOf(emulator);
    await expect(Promise.resolve(receiver.receive(1, forever))).rejects.toMatchObject({ code: "notFound" });
  });

  it("settles what a connection brought that was cut meanwhile: the service keeps the lock", async () => {
    const emulator = await startBus({ contracts: [{ billing }] });
    await send(emulator, 1);
    const receiver = await receiverOf(emulator);
    const got = await receiver.receive(1, forever);
    emulator.faults.cut();
    // What is on its way when a connection breaks the SDK gives no answer to.
    await vi.waitUntil(() => attached(emulator) > 1, { timeout: 10_000 });
    expect(await complete(receiver, got)).toEqual([undefined]);
    expect(emulator.namespace().broker.getQueue("billing").counts.active).toBe(0);
  });
});
